"""The size of the sweep's cells, before any is run."""

from __future__ import annotations

from typing import NamedTuple

from finfuzz.generation.sweep.payloads import list_payloads
from finfuzz.generation.sweep.space import Cell, Space

#: Programs that are written to count a cell. Of a larger one every so-manieth block is counted:
#: writing a program takes 0.1 ms, and the largest cells have millions.
_COUNTED = 20_000


class CellPlan(NamedTuple):
    """A cell's size. ``exact``: whether all blocks were counted. ``cost``: in bare children."""

    cell: Cell
    programs: int
    cost: float
    exact: bool


def plan_cell(space: Space, cell: Cell) -> CellPlan:
    """Count the programs of a cell, or of some of its blocks if it is large."""
    blocks = list(space.list_blocks(cell))
    most = len(blocks) * sum(1 for _ in list_payloads(cell.payloads, space.offers))
    every = min(max(1, most // _COUNTED), max(len(blocks), 1))
    counted = blocks[::every]
    programs = [program for block in counted for program in space.list_programs(block)]
    scale = len(blocks) / max(len(counted), 1)
    cost = scale * sum(program.cost for program in programs)
    return CellPlan(cell, round(scale * len(programs)), cost, every == 1)
