"""Tasks of triage on nodes that are not there: the answer, a failure, and nodes that are lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import msgspec
import pytest

from finfuzz.campaign.cluster.triage_nodes import ClusterNodes, PendingTask
from finfuzz.support.errors import UserError
from finfuzz.triage.attribution.nodes import Minimized, MinimizeTask
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.findings.rate import Rate
from helpers.clusters import make_node

TASK = MinimizeTask(
    target="plain-c",
    python="3.13.0",
    text="finfuzz 1\n",
    diagnosis=Diagnosis("SIGSEGV", "none", "running", "", ("a_function",)),
    deadline=1.0,
    memory_mib=100,
    abuse=False,
)
DONE = Minimized("finfuzz 1\n", Rate(10, 10), "node")


class FakeCluster:
    """A cluster of one node that runs nothing."""

    def __init__(self) -> None:
        node = make_node(1, "3.13.0", host="10.0.0")
        self.nodes = {node.address: node}
        self.problem = ""
        self.future: Future[bytes] = Future()
        self.cancelled = False

    def list_nodes(self, *, avoid: object) -> list[object]:
        del avoid
        return list(self.nodes.values())

    def submit(self, _: object, argument: bytes, *, workers: list[str]) -> Future[bytes]:
        assert msgspec.msgpack.decode(argument, type=MinimizeTask) == TASK, "as it travels"
        assert workers == list(self.nodes)
        return self.future

    def cancel(self, _: object) -> None:
        self.cancelled = True


@pytest.fixture
def cluster() -> Iterator[Any]:
    made = FakeCluster()
    yield made
    if not made.future.done():  # a thread waits
        made.future.set_result(b"")


def submit(cluster: Any) -> PendingTask[Minimized]:
    nodes = ClusterNodes(cluster)
    return nodes.minimize(TASK, nodes.list_places())


def test_the_answer_is_waited_for(cluster: Any) -> None:
    pending = submit(cluster)
    assert pending.wait(0.01) is None
    cluster.future.set_result(msgspec.msgpack.encode(DONE))
    assert pending.wait(60) == DONE


def test_a_task_that_fails_is_an_error(cluster: Any) -> None:
    pending = submit(cluster)
    cluster.future.set_exception(UserError("it has no CPython 3.13.0 with headers"))
    with pytest.raises(UserError, match="a node could not do it: it has no CPython"):
        pending.wait(60)


@pytest.mark.parametrize(("problem", "message"), [("gone", "gone"), ("", "its nodes are lost")])
def test_lost_nodes_are_noticed(cluster: Any, problem: str, message: str) -> None:
    pending = submit(cluster)
    cluster.problem = problem
    if not problem:
        cluster.nodes.clear()
    with pytest.raises(UserError, match=message):
        pending.wait(0.01)
    assert cluster.cancelled
