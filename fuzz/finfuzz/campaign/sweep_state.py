"""How far a campaign's sweep has come: which cells are complete, with how many programs."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import msgspec

from finfuzz.campaign.plan import Lane
from finfuzz.campaign.worker.chooser import make_space
from finfuzz.generation.sweep.ledger import read_counts
from finfuzz.generation.sweep.space import CELLS
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import probe
from finfuzz.targets.spec import parse_target


class CellState(msgspec.Struct, frozen=True):
    """A cell of the sweep: what it is, how many of its programs were run, whether these are all."""

    cell: str
    programs: int
    complete: bool


def read_sweep(lane: Lane, ledger: Path) -> list[CellState]:
    """Read the state of each cell that was begun; empty without a sweep. Raises OSError."""
    if not (read := read_counts(ledger)):
        return []
    space = make_space(build(parse_target(lane.target), probe(Path(lane.python))))
    counts = iter(read)
    states = []
    for cell in CELLS:
        blocks = list(islice(counts, sum(1 for _ in space.list_blocks(cell))))
        if any(run or done for run, done in blocks):
            complete = all(done for _, done in blocks)
            states.append(CellState(str(cell), sum(run for run, _ in blocks), complete))
    return states
