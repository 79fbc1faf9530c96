"""What a campaign shows while it runs: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

_PLAIN_SECONDS = 10.0
_LIVE_SECONDS = 0.25


class Screen:
    """``note`` prints a line that stays; ``watching`` keeps the status new. To standard error."""

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
        self._console.print(line, markup=False, emoji=False, soft_wrap=not self._live)

    @contextlib.contextmanager
    def watching(self, status: Callable[[], tuple[str, float]]) -> Iterator[None]:
        """Within it, shows what ``status`` says: a line, and how many seconds are over."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(_LIVE_SECONDS):
                self.tick(*status())

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()

    def tick(self, status: str, seconds: float) -> None:
        """``seconds`` of the campaign are over."""
        if self._live:
            self._bar.update(self._task, description=status, completed=min(seconds, self._seconds))
        elif seconds >= self._next_plain:
            self._next_plain += _PLAIN_SECONDS
            self.note(f"{seconds:.0f} s: {status}")
