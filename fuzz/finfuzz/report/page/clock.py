"""A campaign's own time: seconds since its start, without the pauses between its runs."""

from __future__ import annotations

from collections.abc import Sequence


class Clock:
    """Converts a time of day to a campaign's own time.

    ``runs`` are (begin, end) in seconds since the epoch, in order. The end of a run that was killed
    or goes on is None. ``last`` is the time of the journal's newest entry.
    """

    def __init__(self, runs: Sequence[tuple[float, float | None]], last: float | None) -> None:
        self._runs: list[tuple[float, float]] = []
        for number, (began, ended) in enumerate(runs):
            # A run without an end counts until the next run, or until the newest entry.
            later = runs[number + 1][0] if number + 1 < len(runs) else last
            end = ended if ended is not None else (later or began)
            self._runs.append((began, max(began, end)))

    @property
    def began(self) -> float | None:
        return self._runs[0][0] if self._runs else None

    @property
    def total(self) -> float:
        """The seconds of all runs."""
        return sum(ended - began for began, ended in self._runs)

    def elapsed(self, moment: float) -> float:
        """Return the campaign's own time at a moment (seconds since the epoch)."""
        return sum(min(max(moment - began, 0.0), ended - began) for began, ended in self._runs)
