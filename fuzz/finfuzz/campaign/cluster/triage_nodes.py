"""The nodes of a Dask cluster, for triage: verdicts of findings, and minimizing, as tasks."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from finfuzz.campaign.cluster.connection import Cluster
from finfuzz.executor.process import tie_to_us
from finfuzz.support.errors import UserError
from finfuzz.support.own_python import module_command
from finfuzz.triage.attribution.nodes import (
    Judged,
    JudgeTask,
    Minimized,
    MinimizeTask,
    Place,
)

if TYPE_CHECKING:
    from distributed import Future

Answer = TypeVar("Answer")

#: A control is built in a minute and run for some minutes at most; forty runs of a hang take more.
_LONGEST_SECONDS = 3600.0


class ClusterNodes:
    """The nodes of a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def list_places(self, avoid: Collection[str] = ()) -> list[Place]:
        """List the Dask workers there are now, without those on nodes in ``avoid``."""
        return [
            Place(node.name, node.address, frozenset(node.pythons))
            for node in self._cluster.list_nodes(avoid=avoid)
        ]

    def submit(self, task: JudgeTask, places: Sequence[Place]) -> PendingTask[Judged]:
        """Run a task on one of these Dask workers, before any shard."""
        return PendingTask(self._cluster, *self._submit(task, places), Judged)

    def minimize(self, task: MinimizeTask, places: Sequence[Place]) -> PendingTask[Minimized]:
        """Do the same with a program to minimize."""
        return PendingTask(self._cluster, *self._submit(task, places), Minimized)

    def _submit(
        self, task: JudgeTask | MinimizeTask, places: Sequence[Place]
    ) -> tuple[Future[bytes], list[str]]:
        addresses = [place.address for place in places]
        argument = msgspec.msgpack.encode(task)
        return self._cluster.submit(run_triage_task, argument, workers=addresses), addresses


def connect_nodes(announce: Callable[[str], None]) -> ClusterNodes | None:
    """Connect to the campaign's cluster; None if it has none, or that can't be had."""
    if not (address := os.environ.get("FINFUZZ_CLUSTER")):
        return None
    try:
        return ClusterNodes(Cluster(address))
    except UserError as error:
        announce(f"triage works here alone: {error}")
        return None


class PendingTask(Generic[Answer]):
    """A task of a Dask worker. Dask gives it to another one of ``addresses`` if that is lost.

    A thread waits for the result without a limit: with one, each time that it runs out is a race
    in Dask's `sync`, which then ends with an UnboundLocalError.
    """

    def __init__(
        self,
        cluster: Cluster,
        future: Future[bytes],
        addresses: Collection[str],
        answer: type[Answer],
    ) -> None:
        self._cluster, self._future, self._addresses = cluster, future, addresses
        self._answer = answer
        self._results: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
        threading.Thread(target=self._fetch, name="finfuzz task", daemon=True).start()

    def cancel(self) -> None:
        self._cluster.cancel([self._future])

    def wait(self, seconds: float) -> Answer | None:
        """Wait for the answer. Raises UserError if all nodes of the task are lost, or it failed."""
        try:
            result = self._results.get(timeout=seconds)
        except queue.Empty:
            self._check_nodes()
            return None
        if isinstance(result, Exception):  # of Dask, or of the task
            raise UserError(f"a node could not do it: {result}") from result
        return msgspec.msgpack.decode(result, type=self._answer)

    def _fetch(self) -> None:
        try:
            self._results.put(self._future.result())
        except Exception as error:
            self._results.put(error)

    def _check_nodes(self) -> None:
        problem = self._cluster.problem
        if not problem and not any(one in self._cluster.nodes for one in self._addresses):
            problem = "its nodes are lost"
        if problem:
            self.cancel()
            raise UserError(problem)


def run_triage_task(argument: bytes) -> bytes:
    """Run a task in a process of its own: the function of triage's tasks.

    Other tasks of this Dask worker start processes meanwhile, and a run would take them for the
    program's orphans.
    """
    command = module_command("finfuzz.campaign.cluster.judge_process")
    try:
        run = subprocess.run(
            tie_to_us(sys.executable, command),
            input=argument,
            capture_output=True,
            timeout=_LONGEST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"it took longer than {_LONGEST_SECONDS / 60:.0f} minutes") from None
    if run.returncode:
        last = run.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise UserError(last or f"its process ended with {run.returncode}")
    return run.stdout
