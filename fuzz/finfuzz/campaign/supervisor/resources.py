"""The memory, disk and processes that a campaign uses, compared with its bounds."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import msgspec
import psutil

from finfuzz.campaign.plan import Bounds

#: Free space that is kept to close the journal in order; workers pause below it.
_FREE_MIB = 64
_MIB = 1 << 20
_SAMPLE_SECONDS = 0.2


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """The resources in use at one moment.

    ``memory_mib``: proportional set size of all processes, which counts shared pages once.
    ``worker_mib``, ``triage_mib``: the largest such process, without its children.
    ``disk_mib``: size of the state folder. ``free_mib``: free space of its file system.
    ``load``: load average of the computer.
    """

    workers: int
    load: float
    memory_mib: float
    supervisor_mib: float
    worker_mib: float
    triage_mib: float
    disk_mib: float
    free_mib: float
    processes: int
    #: The process right below the supervisor whose tree is the largest.
    largest: int


def measure(folder: Path, workers: Iterable[int], triage: int | None) -> Usage:
    """Measure this process and its descendants. Takes some milliseconds a process."""
    here = psutil.Process()
    trees = {child.pid: _measure_tree(child) for child in _children(here)}
    own = _measure_mib(here)
    mine = {pid: sum(tree.values()) for pid, tree in trees.items()}
    sizes = {pid: size for tree in trees.values() for pid, size in tree.items()}
    disk = shutil.disk_usage(folder)
    pids = list(workers)
    return Usage(
        workers=len(pids),
        load=os.getloadavg()[0],
        memory_mib=round(own + sum(sizes.values()), 1),
        supervisor_mib=round(own, 1),
        worker_mib=round(max((sizes.get(pid, 0.0) for pid in pids), default=0.0), 1),
        triage_mib=round(sizes.get(triage, 0.0) if triage else 0.0, 1),
        disk_mib=round(measure_folder(folder) / _MIB, 1),
        free_mib=disk.free / _MIB,
        processes=1 + len(sizes),
        largest=max(mine, key=mine.__getitem__, default=0),
    )


def count_idle_cores() -> float:
    """Count the cores that nothing uses, of those that this process may use. Takes 0.2 s."""
    allowed = os.sched_getaffinity(0)
    used = psutil.cpu_percent(interval=_SAMPLE_SECONDS, percpu=True)
    mine = [share for core, share in enumerate(used) if core in allowed]
    return len(mine) - sum(mine) / 100


def explain_full_disk(folder: Path) -> str:
    """Explain why nothing more should be written to the folder; empty if there is space."""
    free = shutil.disk_usage(folder).free / _MIB
    if free < _FREE_MIB:
        return f"only {free:.0f} MiB are free on the disk of {folder}, {_FREE_MIB} are needed"
    return ""


def explain_excess(used: Usage, bounds: Bounds) -> str:
    """Explain which bound the processes together exceed; empty if none."""
    if used.memory_mib > bounds.total_memory_mib:
        return f"{used.memory_mib:.0f} MiB of memory, --total-memory is {bounds.total_memory_mib}"
    if used.processes > bounds.processes:
        return f"{used.processes} processes, --processes is {bounds.processes}"
    return ""


def measure_folder(folder: Path) -> int:
    """Sum the bytes that all files below take on the disk; a file with two names counts once."""
    total, seen = 0, set()
    for entry in _walk(folder):
        with contextlib.suppress(OSError):
            status = entry.stat(follow_symlinks=False)
            if status.st_ino not in seen:
                seen.add(status.st_ino)
                total += status.st_blocks * 512
    return total


def _walk(folder: Path) -> Iterable[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from _walk(Path(entry.path))
                else:
                    yield entry
    except OSError:  # removed meanwhile
        return


def _children(process: psutil.Process) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.children()
    return []


def _measure_tree(process: psutil.Process) -> dict[int, float]:
    """Measure the MiB of a process and of each of its descendants."""
    found = {process.pid: _measure_mib(process)}
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in process.children(recursive=True):
            found[child.pid] = _measure_mib(child)
    return found


def _measure_mib(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / _MIB
    except psutil.Error:  # ended meanwhile, or a zombie
        return 0.0
