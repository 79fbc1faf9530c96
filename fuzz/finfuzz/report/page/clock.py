"""Time as a campaign has it: from its beginning, without the pauses between its runs."""

from __future__ import annotations

from collections.abc import Sequence


class Clock:
    """``runs``: when each began and ended, seconds since the epoch, in order; the end is None
    where it was killed or goes on. ``last``: when anything was last written."""

    def __init__(self, runs: Sequence[tuple[float, float | None]], last: float | None) -> None:
        self._runs: list[tuple[float, float]] = []
        for number, (began, ended) in enumerate(runs):
            # A run that was cut off is taken to have lasted until the next, or the last word.
            later = runs[number + 1][0] if number + 1 < len(runs) else last
            end = ended if ended is not None else (later or began)
            self._runs.append((began, max(began, end)))

    @property
    def began(self) -> float | None:
        return self._runs[0][0] if self._runs else None

    @property
    def total(self) -> float:
        """Seconds of all runs."""
        return sum(ended - began for began, ended in self._runs)

    def elapsed(self, moment: float) -> float:
        """Seconds of campaign before that moment."""
        return sum(min(max(moment - began, 0.0), ended - began) for began, ended in self._runs)
