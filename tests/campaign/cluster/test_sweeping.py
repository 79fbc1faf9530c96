"""A sweep on several nodes: together they run each block, whatever becomes of a node."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from finfuzz.campaign.cluster.shard import Space
from finfuzz.campaign.cluster.sweeping import SweepDivision
from finfuzz.generation.sweep.ledger import DONE
from finfuzz.generation.sweep.node_ledger import is_done, merge_numbers, read_numbers
from finfuzz.generation.sweep.share import Share, write_share

SPACE = Space("a space", (("first", 40), ("second", 160)))
#: Programs of a block.
SIZE = 5


class Node:
    """A node that runs some programs of its blocks, and reports when it is asked."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.blocks: dict[int, int] = {}

    def work(self, rng: Random, ran: list[tuple[int, int]]) -> list[tuple[int, int]]:
        changed = []
        for block, run in list(self.blocks.items())[: rng.randrange(1, 20)]:
            until = min(SIZE, run + rng.randint(1, SIZE))
            ran += [(block, number) for number in range(run, until)]
            if until == SIZE:
                del self.blocks[block]
            else:
                self.blocks[block] = until
            changed.append((block, until | (DONE if until == SIZE else 0)))
        return changed


def sweep_with(nodes: int, seed: int, ledger: Path, loss: float) -> list[tuple[int, int]]:
    """Run a sweep to its end; list the programs that were run."""
    rng, ran, number = Random(seed), list[tuple[int, int]](), 0
    division = SweepDivision(ledger)
    division.learn(SPACE)
    there = [Node(f"node{n}") for n in range(nodes)]
    while not division.is_complete:
        number += 1
        assert number < 100_000
        node = rng.choice(there)
        shard = f"shard{number}"
        blocks = division.assign(shard, node.name, len(there))
        if rng.random() < loss:  # the shard is lost, or the whole node
            division.release(shard)
            if rng.random() < 0.5:
                there.remove(node)
                division.release(node.name)
                there.append(Node(f"node{nodes + number}"))
            continue
        node.blocks.update(blocks)
        division.hand_over(shard, node.name)
        division.merge(node.name, node.work(rng, ran))
    return ran


@pytest.mark.parametrize("nodes", [1, 2, 4])
def test_a_sweep_on_several_nodes_runs_exactly_what_one_does(nodes: int, tmp_path: Path) -> None:
    everything = [(block, program) for block in range(SPACE.blocks) for program in range(SIZE)]
    ran = sweep_with(nodes, nodes, tmp_path / "ledger", loss=0.0)
    assert sorted(ran) == everything  # each once
    assert all(is_done(number) for number in read_numbers(tmp_path / "ledger"))


@pytest.mark.parametrize("seed", range(10))
def test_blocks_of_a_lost_node_are_given_again(seed: int, tmp_path: Path) -> None:
    everything = {(block, program) for block in range(SPACE.blocks) for program in range(SIZE)}
    ran = sweep_with(3, seed, tmp_path / "ledger", loss=0.2)
    assert set(ran) == everything  # what was not reported is run twice


def test_a_resumed_campaign_goes_on_with_what_is_merged(tmp_path: Path) -> None:
    first = SweepDivision(tmp_path / "ledger")
    first.learn(SPACE)
    first.merge("node", [(0, DONE | SIZE), (1, 3)])
    again = SweepDivision(tmp_path / "ledger")
    assert not again.is_complete
    assert again.learn(SPACE)
    assert not again.learn(Space("another space", SPACE.cells))
    assert again.assign("shard", "node", 1)[:2] == ((1, 3), (2, 0))


def test_the_last_blocks_are_divided_between_the_nodes(tmp_path: Path) -> None:
    division = SweepDivision(tmp_path / "ledger")
    division.learn(Space("small", (("only", 8),)))
    assert [len(division.assign(f"s{n}", f"n{n}", 4)) for n in range(4)] == [2, 2, 1, 1]


def finish_elsewhere(ledger: Path, *blocks: int) -> None:
    merge_numbers(ledger, [(block, SIZE | DONE) for block in blocks])


def test_blocks_that_another_machine_has_finished_are_taken_off_the_nodes(tmp_path: Path) -> None:
    """As the process of --sync writes them into the campaign's ledger."""
    ledger = tmp_path / "ledger"
    division = SweepDivision(ledger)
    division.look()  # nobody has named the space yet
    division.learn(SPACE)
    own = {block for block, _ in division.assign("shard1", "node", 2)}
    division.hand_over("shard1", "node")
    way = {block for block, _ in division.assign("shard2", "other", 2)}
    assert (own, way) == (set(range(16)), set(range(16, 32)))
    finish_elsewhere(ledger, 3, 16, 40, 41)
    division.look()
    division.hand_over("shard2", "other")
    assert division.take_finished("node") == (3,)
    assert division.take_finished("other") == (16,)
    assert division.take_finished("node") == ()
    division.release("other")
    rest = {block for block, _ in division.assign("shard3", "third", 1)}
    while more := division.assign("shard3", "third", 1):
        rest |= {block for block, _ in more}
        division.merge("shard3", [(block, SIZE | DONE) for block, _ in more])
    assert not rest & {3, 16, 40, 41}
    finish_elsewhere(ledger, *range(SPACE.blocks))
    division.look()
    assert division.is_complete


def test_blocks_of_this_machines_share_come_first(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    division = SweepDivision(ledger)
    division.learn(SPACE)
    write_share(ledger, Share(1, 3))
    division.look()
    first = [block for block, _ in division.assign("shard", "node", 1)]
    assert first == list(range(1, 48, 3))
    blocks = [0, 2, 3, 196, 197, 198, 199]
    finish_elsewhere(ledger, *(n for n in range(SPACE.blocks) if n not in (*first, *blocks)))
    division.look()
    rest = [block for block, _ in division.assign("another", "another", 1)]
    assert rest == [196, 199, 198, 197, 3, 2, 0]
