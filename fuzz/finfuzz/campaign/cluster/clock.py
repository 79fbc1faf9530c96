"""The time of a campaign on a cluster, where nodes come and go."""

from __future__ import annotations

import time


class Clock:
    """The seconds in which a node fuzzed, by the clock. ``before``: of earlier runs."""

    def __init__(self, before: float) -> None:
        self._before = before
        self._since: float | None = None

    @property
    def elapsed(self) -> float:
        return self._before + (time.monotonic() - self._since if self._since else 0.0)

    def start(self, ago: float) -> None:
        """Run from so many seconds ago, unless it runs already."""
        if self._since is None:
            self._since = time.monotonic() - ago

    def stop(self) -> None:
        self._before, self._since = self.elapsed, None
