"""How far a campaign's sweep has come: which cells are complete, with how many programs."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import msgspec

from finfuzz.generation.sweep.ledger import read_counts
from finfuzz.generation.sweep.space import CELLS, Space


class CellState(msgspec.Struct, frozen=True):
    """A cell of the sweep: what it is, how many of its programs were run, whether these are all."""

    cell: str
    programs: int
    complete: bool


def read_sweep(space: Space, ledger: Path) -> list[CellState]:
    """Read the state of each cell that was begun. Raises OSError."""
    counts = iter(read_counts(ledger))
    states = []
    for cell in CELLS:
        blocks = list(islice(counts, sum(1 for _ in space.list_blocks(cell))))
        if any(run or done for run, done in blocks):
            complete = all(done for _, done in blocks)
            states.append(CellState(str(cell), sum(run for run, _ in blocks), complete))
    return states
