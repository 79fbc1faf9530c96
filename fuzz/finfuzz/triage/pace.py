"""Progress of filing as lines, for a campaign, whose screen shows other things."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Shortest interval of two lines. A program's or a script's runs mostly take less together.
SECONDS = 10.0


class Pace:
    """Announces lines, and how far something is where no line came for a while."""

    def __init__(
        self, announce: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._announce, self._clock = announce, clock
        self._last = clock()

    def announce(self, line: str) -> None:
        """Announce a line now."""
        self._last = self._clock()
        self._announce(line)

    def advance(self, name: str, done: int, of: int) -> None:
        """Announce `name: 3 of 10` unless the last line is too recent. ``of``: 0 for unknown."""
        if self._clock() >= self._last + SECONDS:
            self.announce(f"{name}: {done} of {of}" if of else f"{name}: {done}")
