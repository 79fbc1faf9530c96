"""How much of the space of programs a campaign has run: its sweeps, and combinations of words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from finfuzz.campaign.folder import StatePaths
from finfuzz.generation.combinations import Explored, read_explored
from finfuzz.generation.sweep.ledger import CellState, read_sweep
from finfuzz.support.counting import count
from finfuzz.support.errors import UserError

T = TypeVar("T")
_NAMES = {1: "word", 2: "pair", 3: "triple"}


class Sweeps(NamedTuple):
    """The cells that were begun, by lane. ``explored``: the combinations of words, by lane.

    ``problem``: why those of a lane are not known.
    """

    lanes: list[list[CellState]]
    explored: list[tuple[Explored, ...]]
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

    @property
    def explored_line(self) -> str:
        """What was run together in one program, lanes summed; empty before the first program."""
        return describe_explored(add_explored(self.explored))


def add_explored(lanes: Iterable[tuple[Explored, ...]]) -> tuple[Explored, ...]:
    """Add the combinations of lanes up."""
    sums: dict[int, Explored] = {}
    for one in (one for lane in lanes for one in lane):
        before = sums.get(one.words, Explored(one.words, 0, 0))
        sums[one.words] = Explored(one.words, before.run + one.run, before.of + one.of)
    return tuple(sums.values())


def describe_explored(explored: Sequence[Explored]) -> str:
    """Describe combinations: `204 of 219 words, 31% of 23,871 pairs, 1.8% of 1,726,669 triples`.

    Empty where none was run.
    """
    if not any(one.run for one in explored):
        return ""
    words, *others = explored
    shares = [f"{_format_share(one)} of {count(one.of, _NAMES[one.words])}" for one in others]
    return ", ".join([f"{words.run:,} of {count(words.of, _NAMES[1])}", *shares])


def _format_share(one: Explored) -> str:
    """Format a share with two digits: 31%, 1.8%, 0.052%; 100% only where nothing is left."""
    percent = 100 * one.run / max(one.of, 1)
    if percent >= 99.5:
        return "100%" if one.run == one.of else "over 99%"
    return f"{percent:.2g}%"


def read_sweeps(paths: StatePaths, lanes: int) -> Sweeps:
    """Read how far the sweep of each lane has come. A damaged file costs its lane's figures."""
    problems: list[str] = []
    cells = [_read(read_sweep, paths.sweep(lane), problems) or [] for lane in range(lanes)]
    explored = [_read(read_explored, paths.explored(lane), problems) or () for lane in range(lanes)]
    return Sweeps(cells, explored, "; ".join(problems))


def _read(read: Callable[[Path], T], path: Path, problems: list[str]) -> T | None:
    try:
        return read(path)
    except UserError as error:
        problems.append(str(error))
        return None
