"""Novelty: how often each static feature was run, and which of a few programs is the newest.

Not to run again what was run is known before a child starts, and pays more than what is known
afterwards (docs/truth.md).
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from pathlib import Path

#: Features that are counted apart; two in one place count together. A campaign of a day has some
#: millions. A power of two.
PLACES = 1 << 23
_MASK = PLACES - 1
#: What a feature is worth that was run so many times; nothing after that.
_WORTH = (1.0, 0.2, 0.11, 0.08)


class Novelty:
    """The counts of features, saturated at four: one byte each, so that the memory is bounded.

    ``path``: a file that all workers of a lane map, so that each knows at once what others ran, and
    a resumed campaign what was run before; in memory alone without it. Raises OSError.
    """

    def __init__(self, path: Path | None = None) -> None:
        if path is None:
            self._counts: mmap.mmap = mmap.mmap(-1, PLACES)
            return
        with path.open("a+b") as file:
            if file.seek(0, 2) != PLACES:
                file.truncate(PLACES)  # sparse: only what is used takes room
            self._counts = mmap.mmap(file.fileno(), PLACES)

    def rate(self, features: Iterable[int]) -> float:
        """Return how new a program with these features is; 0 if each was run four times."""
        counts = self._counts
        found = [counts[feature & _MASK] for feature in features]
        return sum(_WORTH[count] for count in found if count < len(_WORTH))

    def count(self, features: Iterable[int]) -> None:
        """Count the features of a program that runs."""
        counts = self._counts
        for feature in features:
            place = feature & _MASK
            if counts[place] < len(_WORTH):
                counts[place] += 1
