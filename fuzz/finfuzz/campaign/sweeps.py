"""How far the sweeps of a campaign have come, lane by lane."""

from __future__ import annotations

from typing import NamedTuple

from finfuzz.campaign.folder import StatePaths
from finfuzz.generation.sweep.ledger import CellState, read_sweep
from finfuzz.support.counting import count
from finfuzz.support.errors import UserError


class Sweeps(NamedTuple):
    """The cells that were begun, by lane. ``problem``: why those of a lane are not known."""

    lanes: list[list[CellState]]
    problem: str = ""

    @property
    def line(self) -> str:
        """The sweeps in one line, lanes summed; empty before the first program."""
        cells = [cell for lane in self.lanes for cell in lane]
        complete = [cell for cell in cells if cell.complete]
        begun = [cell for cell in cells if not cell.complete]
        parts = []
        if complete:
            programs = sum(cell.programs for cell in complete)
            parts.append(f"every program of {count(len(complete), 'sort')} ({programs:,})")
        if begun:
            parts.append(f"now {begun[0].cell} ({begun[0].programs:,} so far)")
        return "; ".join(parts)


def read_sweeps(paths: StatePaths, lanes: int) -> Sweeps:
    """Read how far the sweep of each lane has come. A damaged file costs its lane's figures."""
    found: list[list[CellState]] = []
    problem = ""
    for lane in range(lanes):
        try:
            found.append(read_sweep(paths.sweep(lane)))
        except UserError as error:
            found.append([])
            problem = str(error)
    return Sweeps(found, problem)
