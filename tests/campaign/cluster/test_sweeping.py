"""A sweep on several nodes: together they run each block, whatever becomes of a node."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from finfuzz.campaign.cluster.shard import Space
from finfuzz.campaign.cluster.sweeping import SweepDivision
from finfuzz.generation.sweep.ledger import DONE
from finfuzz.generation.sweep.node_ledger import is_done, read_numbers

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
