"""A campaign on a local Dask cluster against worker processes alone: rate, CPU time and bytes."""

from __future__ import annotations

import json
import resource
import tempfile
import threading
from pathlib import Path
from typing import NamedTuple

import click
import psutil
from rich.console import Console

from benchmarks.workers import measure_bare_rate
from finfuzz.campaign.cluster.choice import ClusterChoice
from finfuzz.campaign.cluster.inbox import Inbox
from finfuzz.campaign.folder import State
from finfuzz.campaign.plan import Bounds, Lane, Plan
from finfuzz.campaign.supervisor.screen import Screen
from finfuzz.campaign.supervisor.supervisor import Supervisor
from finfuzz.campaign.supervisor.worker_pool import WorkerPool
from finfuzz.targets.build import Build, build
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target

#: Cores of the large cluster for which the limit is reckoned.
_MANY = 1000
_SAMPLE_SECONDS = 0.5
_SHARD_SECONDS = 5.0


class Figures(NamedTuple):
    """The figures of one campaign. ``fuzzing``: CPU seconds of workers, zygotes and children.

    ``supervising`` and ``dask``: of the supervisor, and of Dask's processes. ``deliveries``: those
    that came, with their ``bytes`` in all.
    """

    executions: int
    seconds: float
    fuzzing: float
    supervising: float
    dask: float
    deliveries: int
    bytes: int

    @property
    def per_cpu_second(self) -> float:
        """Executions per CPU second of everything: what a busy machine does not change."""
        return self.executions / (self.fuzzing + self.supervising + self.dask)


@click.command()
@click.option("--target", default="plain-c", help="A target that survives, so that triage is idle.")
@click.option("--python", default=None, help="As for `finfuzz run`.")
@click.option("--seconds", default=60.0, help="Length of each campaign.")
@click.option("--counts", default="1,2,4", help="Numbers of workers.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures here.")
def cluster(
    target: str, python: str | None, seconds: float, counts: str, json_file: Path | None
) -> None:
    """Measure a campaign on `--cluster local:N` against `--workers N`, and bare zygotes."""
    made = build(resolve(parse_target(target)), pick_interpreter(python), announce=click.echo)
    build(made.spec, made.interpreter, instrumented=False, announce=click.echo)
    found: dict[str, dict[str, float]] = {}
    for count in map(int, counts.split(",")):
        alone = _run(made, seconds, count, None)
        there = _run(made, seconds, count, ClusterChoice(f"local:{count}"))
        bare = measure_bare_rate(made, seconds / 4, count)
        found[str(count)] = _compare(alone, there, bare, count)
        for name, value in found[str(count)].items():
            click.echo(f"{count} {name}: {value:,.4g}")
    if json_file is not None:
        json_file.write_text(json.dumps(found, indent=2) + "\n")


def _compare(alone: Figures, there: Figures, bare: float, count: int) -> dict[str, float]:
    per_delivery = there.supervising / max(there.deliveries, 1)
    return {
        "rate_of_workers": alone.executions / alone.seconds,
        "rate_of_cluster": there.executions / there.seconds,
        "rate_of_bare_zygotes": bare,
        "cluster_to_workers_per_cpu_second": there.per_cpu_second / alone.per_cpu_second,
        "dask_share_of_cpu": there.dask / (there.fuzzing + there.supervising + there.dask),
        "supervisor_share_of_a_core": there.supervising / there.seconds,
        "bytes_per_delivery": there.bytes / max(there.deliveries, 1),
        "supervisor_ms_per_delivery": 1000 * per_delivery,
        "supervisor_cores_for_1000": _MANY / _SHARD_SECONDS * per_delivery,
        "megabytes_a_second_for_1000": _MANY / count * there.bytes / there.seconds / 1e6,
    }


def _run(made: Build, seconds: float, count: int, choice: ClusterChoice | None) -> Figures:
    with tempfile.TemporaryDirectory() as scratch:
        state = State(Path(scratch))
        plan = _make_plan(made, seconds, count, scratch)
        journal = state.begin(plan)
        state.fill_live(None)
        counted = _CountedInbox.count() if choice else None
        supervisor = Supervisor(
            plan,
            state,
            journal,
            Screen(seconds, Console(quiet=True)),
            choice.make_pool if choice else WorkerPool,
        )
        sampler, before = _Sampler(), _own_seconds()
        supervisor.run("")
        sampler.close()
        own = _own_seconds() - before
        total = supervisor.totals.total
        journal.close()
        state.close()
    executions = total.executions
    took = max(supervisor.pool.elapsed, 1e-9)
    sizes = counted.sizes if counted else []
    return Figures(
        executions, took, sampler.fuzzing, own, sampler.dask, len(sizes), int(sum(sizes))
    )


def _make_plan(made: Build, seconds: float, count: int, folder: str) -> Plan:
    interpreter = made.interpreter
    return Plan(
        lanes=(Lane(str(made.spec), str(interpreter.path), interpreter.text),),
        workers=count,
        seconds=seconds,
        engine="atheris",
        seed=count,
        seeds=None,
        crashes=str(Path(folder, "crashes")),
        abuse=False,
        attribute=False,
        bounds=Bounds(total_memory_mib=1 << 20, processes=1 << 12, disk_mib=1 << 12),
    )


def _own_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class _CountedInbox:
    """Sizes of the deliveries that come to an inbox."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    @classmethod
    def count(cls) -> _CountedInbox:
        """Count what comes to all inboxes from now on."""
        counted, put = cls(), Inbox.put

        def put_counted(inbox: Inbox, name: str, result: bytes | Exception) -> None:
            if isinstance(result, bytes) and result:
                counted.sizes.append(len(result))
            put(inbox, name, result)

        Inbox.put = put_counted  # type: ignore[assignment, method-assign]
        return counted


class _Sampler:
    """CPU seconds of all descendants, by their part in the campaign, as last seen alive."""

    def __init__(self) -> None:
        self._dask: dict[int, float] = {}
        self._fuzzing: dict[int, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    @property
    def dask(self) -> float:
        return sum(self._dask.values())

    @property
    def fuzzing(self) -> float:
        return sum(self._fuzzing.values())

    def close(self) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(_SAMPLE_SECONDS):
            for process in psutil.Process().children(recursive=True):
                try:
                    self._count(process)
                except psutil.Error:  # ended meanwhile
                    continue

    def _count(self, process: psutil.Process) -> None:
        command = " ".join(process.cmdline())
        times = process.cpu_times()
        own, reaped = times.user + times.system, times.children_user + times.children_system
        if "distributed.cli" in command or "multiprocessing" in command:
            self._dask[process.pid] = own
        elif "worker.process" in command:
            self._fuzzing[process.pid] = own
        elif "zygote.py" in command and _is_zygote(process):
            self._fuzzing[process.pid] = own + reaped


def _is_zygote(process: psutil.Process) -> bool:
    """Whether a process is a zygote, not a child: its zygote counts that one."""
    parent = process.parent()
    return parent is not None and "zygote.py" not in " ".join(parent.cmdline())
