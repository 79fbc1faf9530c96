"""What a campaign uses of its machine, and whether that is within its bounds."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import msgspec
import psutil

from finfuzz.campaign.plan import Bounds

#: Below this much free space nothing is written any more: a journal wants to be closed in order.
_FREE_MIB = 64
_MIB = 1 << 20


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """``memory_mib``: proportional set size of all processes, so that what zygote and child share
    counts once; ``worker_mib`` and ``triage_mib``: the largest of them, without its children.
    ``disk_mib`` of the state folder, ``free_mib`` of its file system. ``load`` of the machine."""

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


def use(folder: Path, workers: Iterable[int], triage: int | None) -> Use:
    """Of this process and all that descends from it. Takes some milliseconds a process."""
    here = psutil.Process()
    trees = {child.pid: _tree(child) for child in _children(here)}
    own = _mib(here)
    mine = {pid: sum(tree.values()) for pid, tree in trees.items()}
    sizes = {pid: size for tree in trees.values() for pid, size in tree.items()}
    disk = shutil.disk_usage(folder)
    pids = list(workers)
    return Use(
        workers=len(pids),
        load=os.getloadavg()[0],
        memory_mib=round(own + sum(sizes.values()), 1),
        supervisor_mib=round(own, 1),
        worker_mib=round(max((sizes.get(pid, 0.0) for pid in pids), default=0.0), 1),
        triage_mib=round(sizes.get(triage, 0.0) if triage else 0.0, 1),
        disk_mib=round(size_of(folder) / _MIB, 1),
        free_mib=disk.free / _MIB,
        processes=1 + len(sizes),
        largest=max(mine, key=mine.__getitem__, default=0),
    )


def no_room(folder: Path) -> str:
    """Why nothing more should be written in the folder; empty where it can be."""
    free = shutil.disk_usage(folder).free / _MIB
    if free < _FREE_MIB:
        return f"{free:.0f} MiB are free on the disk of {folder}, {_FREE_MIB} are needed"
    return ""


def too_much(used: Use, bounds: Bounds) -> str:
    """Which bound the processes together are beyond; empty where none."""
    if used.memory_mib > bounds.total_memory_mib:
        return f"{used.memory_mib:.0f} MiB of memory, --total-memory is {bounds.total_memory_mib}"
    if used.processes > bounds.processes:
        return f"{used.processes} processes, --processes is {bounds.processes}"
    return ""


def size_of(folder: Path) -> int:
    """Bytes of all files below, as the disk counts them; a file with two names counts once."""
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
    except OSError:  # gone meanwhile
        return


def _children(process: psutil.Process) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.children()
    return []


def _tree(process: psutil.Process) -> dict[int, float]:
    """MiB of a process and of each that descends from it."""
    found = {process.pid: _mib(process)}
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in process.children(recursive=True):
            found[child.pid] = _mib(child)
    return found


def _mib(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / _MIB
    except psutil.Error:  # gone meanwhile, or a zombie
        return 0.0
