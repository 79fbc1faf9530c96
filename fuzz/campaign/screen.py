"""What a campaign shows while it runs: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

_PLAIN_SECONDS = 10.0


class Screen:
    """``note`` prints a line that stays; ``tick`` renews the status. Writes to standard error."""

    def __init__(self, seconds: float, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._seconds = seconds
        self._live = self._console.is_terminal
        self._next_plain = _PLAIN_SECONDS
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TimeRemainingColumn(compact=True),
            console=self._console,
            transient=True,
            disable=not self._live,
        )
        self._task = self._bar.add_task("starting", total=seconds)
        self._begin = time.monotonic()

    def __enter__(self) -> Screen:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def note(self, line: str) -> None:
        """A line that stays on the screen."""
        self._console.print(line, markup=False, soft_wrap=True)

    def tick(self, status: str, seconds: float) -> None:
        """``seconds`` of the campaign are over."""
        if self._live:
            self._bar.update(self._task, description=status, completed=min(seconds, self._seconds))
        elif seconds >= self._next_plain:
            self._next_plain += _PLAIN_SECONDS
            self.note(f"{seconds:.0f} s: {status}")
