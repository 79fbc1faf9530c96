"""A node's side, without Dask: a real build, a real worker process, and what a shard brings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from finfuzz.campaign.cluster.on_node import NodeCampaign
from finfuzz.campaign.cluster.shard import Delivery, Shard
from finfuzz.campaign.messages import Progress
from finfuzz.generation.combinations import merge_explored, read_explored
from finfuzz.generation.sweep.ledger import DONE
from finfuzz.targets.build import Build
from helpers.patience import wait_until
from helpers.workers import make_patient_job

PROGRAM = "finfuzz 1\nnode fromtheother instance\nstart i1 isolated\nenter i1\nnode b list\n"


class Node:
    """A campaign on a node, and the shards that it gets."""

    def __init__(self, folder: Path, made: Build) -> None:
        self.folder = folder / "node"
        self.campaign = NodeCampaign("tcp://127.0.0.1:4000", self.folder, threads=1)
        job = make_patient_job(folder / "supervisor", made, "sweep")
        version = made.interpreter.text
        self.shard = Shard(
            id="1", campaign="c", run="r", lane=0, version=version, seconds=0.0, job=job
        )

    def run(self, **changes: object) -> Delivery:
        return self.campaign.run(msgspec.structs.replace(self.shard, **changes))


@pytest.fixture
def node(tmp_path: Path, plain_c: Build) -> Iterator[Node]:
    made = Node(tmp_path, plain_c)
    yield made
    made.campaign.end()


def count_executions(delivery: Delivery) -> int:
    messages = [message for batch in delivery.batches for message in batch.messages]
    return sum(one.executions for one in messages if isinstance(one, Progress))


def test_a_shard_runs_its_blocks_and_no_others(node: Node) -> None:
    prepared = node.run()
    assert prepared.space is not None
    assert not prepared.problem
    delivery = node.run(seconds=600.0, blocks=((0, 0), (1, 0)))  # its process ends by itself
    (batch,) = delivery.batches
    assert batch.ending == ""
    done = dict(delivery.blocks[0])
    assert done.keys() == {0, 1}
    assert all(number & DONE for number in done.values())
    assert count_executions(delivery) == sum(number & ~DONE for number in done.values())
    merge_explored(node.folder.parent / "campaign's", node.campaign.end().explored[0])
    words, *_ = read_explored(node.folder.parent / "campaign's")
    assert words.run


def test_a_batch_comes_again_until_it_is_merged(node: Node) -> None:
    node.run()
    first = node.run(seconds=600.0, blocks=((0, 0),))
    again = node.run()
    assert again.batches == first.batches
    assert again.blocks == first.blocks
    (batch,) = first.batches
    acknowledged = {"merged": {batch.process: 1}, "folder": again.folder, "seen": again.number}
    assert (node.run(**acknowledged).batches, node.run().blocks) == ((), {})


def test_programs_are_added_in_their_order_and_none_is_left_out(node: Node) -> None:
    assert node.run(programs=("finfuzz 1\n",), first=1).have == 0  # the first is missing
    assert node.run(programs=(PROGRAM, "finfuzz 1\n"), first=0).have == 2
    assert len(list((node.folder / "campaign" / "live").iterdir())) == 2
    assert node.run(programs=("finfuzz 1\n",), first=1).have == 2


def test_what_cannot_be_built_here_is_the_answer(node: Node) -> None:
    delivery = node.run(version="3.99.0", job=msgspec.structs.replace(node.shard.job, python="/x"))
    assert delivery.problem.endswith("has no CPython 3.99.0 with headers")
    assert delivery.space is None


def test_the_end_stops_the_process_and_removes_the_folder(node: Node) -> None:
    node.run()
    node.shard = msgspec.structs.replace(
        node.shard, job=msgspec.structs.replace(node.shard.job, engine="random")
    )
    total = 0
    while total < 20:  # it works on between shards
        total = count_executions(node.run(seconds=0.2))
    last = node.campaign.end()
    assert count_executions(last) >= total
    assert last.batches[-1].ending == ""
    wait_until(lambda: not node.folder.exists(), "the folder to go")
    assert node.run(seconds=1.0).problem == "this run of the campaign has ended"
