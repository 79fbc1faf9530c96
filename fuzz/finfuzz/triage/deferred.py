"""The deferred work on a finding, piece by piece: controls, instruments, another node."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from finfuzz.support.durations import estimate_rest

WorkName = Literal["controls", "trial on another node", "instruments"]


class Progress(NamedTuple):
    """A part of the deferred work on a finding: how far it is.

    ``of``: 0 where nobody knows yet how many there are. ``left``: estimated seconds, None where
    too little was measured.
    """

    folder: Path
    name: WorkName
    done: int
    of: int
    left: float | None


@dataclass
class Work:
    """A part of the deferred work on a finding. ``pieces``: yields (done, of how many)."""

    folder: Path
    name: WorkName
    pieces: Iterator[tuple[int, int]]
    ran: int = 0
    seconds: float = 0.0

    def run(self) -> Progress:
        """Run a piece. Raise StopIteration where none is left."""
        begin = time.monotonic()
        done, of = next(self.pieces)
        self.ran += 1
        self.seconds += time.monotonic() - begin
        left = estimate_rest(self.ran, of - done, self.seconds)
        return Progress(self.folder, self.name, done, of, left)
