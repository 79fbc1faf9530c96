"""The sweep's programs, one after the other, as workers ask for them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from finfuzz.generation.sweep.ledger import Ledger
from finfuzz.generation.sweep.space import Space
from finfuzz.program.model import Program

#: Interval of looking for blocks after the last one: it takes some milliseconds.
_ASK_SECONDS = 1.0


class Sweep:
    """The programs of the blocks that this worker claims. One is counted when the next is asked."""

    def __init__(self, space: Space, ledger: Path) -> None:
        """Raises OSError for a ledger that can't be written."""
        by_cell = {str(cell): list(space.list_blocks(cell)) for cell in space.cells}
        self._space = space
        self._blocks = [block for blocks in by_cell.values() for block in blocks]
        cells = [(cell, len(blocks)) for cell, blocks in by_cell.items()]
        self._ledger = Ledger(ledger, space.identity, cells)
        self._programs = self._list_programs()
        self._ask_again = 0.0

    def make_next(self) -> Program | None:
        """Return the next program; None if all were run, or the last are run by other workers.

        Those may leave some, and another machine may: it pays to ask again, but not each time.
        """
        program = next(self._programs, None)
        if program is None and time.monotonic() >= self._ask_again:
            self._ask_again = time.monotonic() + _ASK_SECONDS
            self._programs = self._list_programs()
            program = next(self._programs, None)
        return program

    def _list_programs(self) -> Iterator[Program]:
        while (claimed := self._ledger.claim()) is not None:
            number, run = claimed
            programs = self._space.list_programs(self._blocks[number])
            for program in islice(programs, run, None):
                yield program
                run += 1
                self._ledger.count(number, run)
            self._ledger.count(number, run, done=True)
