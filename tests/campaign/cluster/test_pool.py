"""The pool of a cluster, with nodes that are not there: who gets which shard, and what fails."""

from __future__ import annotations

import queue
import selectors
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

import msgspec
import pytest

from finfuzz.campaign.cluster.node import Node
from finfuzz.campaign.cluster.parcels import digest
from finfuzz.campaign.cluster.pool import ClusterPool
from finfuzz.campaign.cluster.shard import (
    Batch,
    Delivery,
    Parcel,
    Shard,
    Space,
    decode_shard,
    encode,
)
from finfuzz.campaign.cluster.shard_maker import choose_length
from finfuzz.campaign.folder import State
from finfuzz.campaign.plan import Lane, Plan
from finfuzz.campaign.totals import Totals
from finfuzz.generation.sweep.ledger import DONE
from helpers.campaigns import PLAN
from helpers.clusters import make_batch, make_folders, make_node
from helpers.patience import wait_until

LANES = (Lane("plain-c", "/python3.12", "3.12.1"), Lane("plain-c", "/python3.13", "3.13.0"))
SPACE = Space("space", (("only", 100),))


class FakeCluster:
    """A cluster that runs nothing. ``shards``: those that were submitted, with their address."""

    address = "tcp://127.0.0.1:8786"

    def __init__(self, *nodes: Node) -> None:
        self.nodes = {node.address: node for node in nodes}
        self.shards: list[tuple[str, Shard]] = []
        self.futures: list[Future[bytes]] = []
        self.problem = ""

    def submit(self, _: object, argument: bytes, *, workers: list[str], **__: object) -> Any:
        self.shards.append((workers[0], decode_shard(argument)))
        future: Future[bytes] = Future()
        future.release = lambda: None  # type: ignore[attr-defined]
        self.futures.append(future)
        return future

    def cancel(self, futures: list[Future[bytes]]) -> None:
        for future in futures:
            future.cancel()

    def run_everywhere(self, *_: object) -> list[bytes]:
        return []

    def close(self) -> None: ...


class World:
    """A pool on a fake cluster. ``lines``: what it has announced."""

    def __init__(self, folder: Path, plan: Plan, *nodes: Node) -> None:
        self.lines: list[str] = []
        self.cluster = FakeCluster(*nodes)
        self.totals = Totals(len(plan.lanes))
        make_folders(folder)
        state = State(folder)
        for lane in range(len(plan.lanes)):
            state.signatures(lane).mkdir(parents=True, exist_ok=True)
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.pool = ClusterPool(plan, state, self.totals, self.cluster, lines)  # type: ignore[arg-type]
        self._selector = selectors.DefaultSelector()
        self.pool.attach(self._selector, self, self.lines.append, self.lines.append)

    def take(self, worker: object, message: object) -> None: ...

    def take_libfuzzer(self, worker: object, figures: dict[str, int]) -> None: ...

    def start(self) -> list[tuple[str, Shard]]:
        """Let the pool submit; list the shards that are new."""
        before = len(self.cluster.shards)
        self.pool.start_missing()
        return self.cluster.shards[before:]

    def answer(self, number: int, result: Delivery | Exception) -> None:
        """Answer the shard with that number."""
        future = self.cluster.futures[number]
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(encode(result))
        for key, _ in self._selector.select(60):
            key.data()

    def deliver(self, number: int, *batches: Batch, **facts: Any) -> None:
        """Answer a shard as the node would that it was submitted for."""
        address, shard = self.cluster.shards[number]
        known = {"host": "node", "folder": f"folder of {address}", "number": number + 1}
        space = SPACE if shard.seconds == 0 else None
        defaults = {"address": address, "space": space, "batches": batches, **known}
        self.answer(number, Delivery(**{**defaults, **facts}))

    def close(self) -> None:
        self.pool.close()


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[Any]:
    made: list[World] = []

    def make(*nodes: Node, **changes: Any) -> World:
        plan = msgspec.structs.replace(PLAN, **{"lanes": LANES, **changes})
        made.append(World(tmp_path / str(len(made)), plan, *nodes))
        return made[-1]

    yield make
    for world in made:
        world.close()


def test_a_lane_goes_where_its_cpython_is(worlds: Any) -> None:
    old, new, other = make_node(1, "3.12.1"), make_node(2, "3.13.0"), make_node(3, "3.11.7")
    world = worlds(old, new, other)
    submitted = {(address, shard.lane) for address, shard in world.start()}
    assert submitted == {(old.address, 0), (new.address, 1)}
    assert world.start() == []


def test_the_first_shard_of_a_lane_builds_and_each_thread_then_has_one(worlds: Any) -> None:
    world = worlds(make_node(1, "3.12.1", threads=3))
    ((_, first),) = world.start()
    assert (first.seconds, first.blocks) == (0.0, ())
    world.deliver(0)
    shards = [shard for _, shard in world.start()]
    assert [shard.seconds for shard in shards] == [5.0] * 3
    blocks = [block for shard in shards for block, _ in shard.blocks]
    assert len(set(blocks)) == len(blocks) > 0


def test_only_one_node_of_a_kind_compiles(worlds: Any) -> None:
    first, second = (make_node(number, "3.12.1", host="10.0.0") for number in (1, 2))
    world = worlds(first, second, lanes=LANES[:1])
    asked = [shard for _, shard in world.start()]
    assert [(shard.seconds, shard.compiles) for shard in asked] == [(0.0, False)] * 2
    for number in (0, 1):
        world.deliver(number, space=None, lacks="key")
    wait_until(world.start, "the head to find that it lacks the build, too")
    ((address, shard),) = world.cluster.shards[2:]
    assert (address, shard.compiles, shard.ships, shard.parcel) == (first.address, True, True, None)
    assert world.start() == []
    world.deliver(2, parcel=Parcel("key", digest(b"a build"), b"a build"))
    others = dict(world.start())
    assert others[second.address].parcel.data == b"a build"
    assert others[first.address].seconds == 5.0


def test_dask_workers_of_one_node_ask_again_when_one_has_the_build(worlds: Any) -> None:
    first, second = make_node(1, "3.12.1"), make_node(1, "3.12.1", port=4001)
    world = worlds(first, second, lanes=LANES[:1])
    world.start()
    for number in (0, 1):
        world.deliver(number, space=None, lacks="key")
    wait_until(world.start, "the head to find that it lacks the build, too")
    assert not world.cluster.shards[2][1].ships
    world.deliver(2, host="node1")
    asks = dict(world.start())[second.address]
    assert (asks.seconds, asks.compiles, asks.parcel) == (0.0, False, None)


def test_a_lost_builder_leaves_the_build_to_another(worlds: Any) -> None:
    first, second = (make_node(number, "3.12.1", host="10.0.0") for number in (1, 2))
    world = worlds(first, second, lanes=LANES[:1])
    world.start()
    for number in (0, 1):
        world.deliver(number, space=None, lacks="key")
    wait_until(world.start, "the head to find that it lacks the build, too")
    del world.cluster.nodes[first.address]
    world.answer(2, RuntimeError("KilledWorker"))
    ((address, shard),) = world.start()
    assert (address, shard.ships) == (second.address, True)


def test_programs_and_signatures_go_to_the_other_nodes_once(worlds: Any) -> None:
    world = worlds(make_node(1, "3.12.1"), make_node(2, "3.12.1"))
    world.start()
    for number in (0, 1):
        world.deliver(number)
    world.start()
    world.deliver(2, make_batch("a", 1))
    ((_, shard),) = world.start()
    assert shard.merged == {"a": 1}
    world.deliver(3)
    ((_, other),) = world.start()
    assert len(other.programs) == 1
    assert (other.first, other.known) == (0, ("a1",))
    world.deliver(5, have=1)
    ((_, later),) = world.start()
    assert (later.first, later.programs, later.known) == (1, (), ())


def test_blocks_of_a_lost_node_go_to_another(worlds: Any) -> None:
    first, second = make_node(1, "3.12.1"), make_node(2, "3.12.1")
    world = worlds(first, engine="sweep")
    world.start()
    world.deliver(0)
    ((_, shard),) = world.start()
    world.deliver(1, blocks={0: ((shard.blocks[0][0], 3),)})
    del world.cluster.nodes[first.address]
    world.cluster.nodes[second.address] = second
    ((_, prepare),) = world.start()
    assert prepare.seconds == 0
    world.deliver(2)
    ((_, again),) = world.start()
    assert again.blocks[:2] == ((0, 3), (1, 0))


@pytest.mark.parametrize("answer", [{"problem": "no space"}, {"lacks": "a key"}])
def test_blocks_that_a_node_did_not_take_go_to_another(worlds: Any, answer: dict[str, str]) -> None:
    """They belonged to that node until it was lost, and the sweep was never complete."""
    first = make_node(1, "3.12.1")
    world = worlds(first, engine="sweep", lanes=LANES[:1])
    world.start()
    world.deliver(0)
    ((_, shard),) = world.start()
    assert shard.blocks
    second = make_node(2, "3.12.1")
    world.cluster.nodes[second.address] = second
    ((address, prepare),) = world.start()
    assert (address, prepare.seconds) == (second.address, 0)
    world.deliver(1, **answer)
    world.deliver(2)
    taken = [block for address, one in world.start() for block in one.blocks]
    assert shard.blocks[0] in taken


def test_a_sweep_is_complete_when_all_blocks_are_done(worlds: Any) -> None:
    world = worlds(make_node(1, "3.12.1"), engine="sweep", lanes=LANES[:1])
    world.start()
    world.deliver(0)
    number = 1
    while shards := world.start():
        ((_, shard),) = shards
        done = tuple((block, run | DONE) for block, run in shard.blocks)
        world.deliver(number, blocks={0: done})
        number += 1
    assert world.pool.complete == {0}
    assert world.pool.exhausted


def test_a_lane_that_cannot_be_built_on_a_node_is_left_to_others(worlds: Any) -> None:
    world = worlds(make_node(1, "3.12.1"), make_node(2, "3.12.1"), lanes=LANES[:1])
    world.start()
    world.deliver(0, space=None, problem="no compiler")
    assert world.pool.abandoned == {}
    assert world.start() == []
    world.deliver(1, space=None, problem="no compiler")
    assert world.pool.abandoned == {0: "on node: no compiler"}
    assert world.lines == [
        "plain-c on CPython 3.12.1 is left to other nodes: on node: no compiler",
        "giving up on plain-c on CPython 3.12.1: on node: no compiler",
    ]
    assert world.pool.exhausted


def test_a_lane_whose_workers_keep_ending_is_given_up(worlds: Any) -> None:
    world = worlds(make_node(1, "3.12.1"), lanes=LANES[:1])
    world.start()
    world.deliver(0)
    for number in range(1, 4):
        assert not world.pool.abandoned
        world.start()
        batch = msgspec.structs.replace(make_batch(f"p{number}", 1), ending="no memory")
        world.deliver(number, batch)
    assert world.pool.abandoned == {0: "its workers keep ending on node: no memory"}
    assert world.pool.replaced == 3


def test_a_shard_that_dask_gives_up_is_submitted_again(worlds: Any) -> None:
    world = worlds(make_node(1, "3.12.1"), lanes=LANES[:1])
    world.start()
    world.answer(0, RuntimeError("KilledWorker: lost three times"))
    assert world.lines == [
        "a worker on plain-c on CPython 3.12.1 is gone, KilledWorker: lost three times; "
        "starting another"
    ]
    assert len(world.start()) == 1
    world.answer(1, CancelledError())  # the scheduler was restarted
    assert len(world.lines) == 1
    assert len(world.start()) == 1


def test_the_clock_runs_from_the_first_work_to_the_stop(worlds: Any) -> None:
    """A batch that came after the end started it again, and a summary had too many seconds."""
    world = worlds(make_node(1, "3.12.1"), lanes=LANES[:1])
    world.start()
    world.deliver(0)
    world.start()
    assert world.pool.elapsed == 0.0
    world.deliver(1, make_batch("a", 1))
    assert world.pool.elapsed >= 1.0
    world.start()
    world.pool.stop()
    stopped = world.pool.elapsed
    late = Delivery(
        address="tcp://127.0.0.1:4000", host="", folder="f", batches=(make_batch("b", 9),)
    )
    world.pool._take("late", None, late)
    assert world.pool.elapsed == stopped


def test_shards_are_longer_where_there_are_many_workers() -> None:
    """So that the supervisor gets no more than fifty deliveries a second."""
    assert [choose_length(workers) for workers in (1, 250, 1000)] == [5.0, 5.0, 20.0]


def test_without_a_scheduler_all_lanes_are_given_up_with_one_reason(worlds: Any) -> None:
    world = worlds(make_node(1, "3.12.1", "3.13.0"))
    world.start()
    world.cluster.problem = "the Dask scheduler at tcp://127.0.0.1:8786 is gone"
    world.pool.check()
    (reason,) = set(world.pool.abandoned.values())
    assert reason.startswith(
        "the Dask scheduler at tcp://127.0.0.1:8786 is gone: everything merged"
    )
    assert "finfuzz run --resume" in reason
    assert world.pool.exhausted
    world.pool.stop()
    assert not world.pool.busy
