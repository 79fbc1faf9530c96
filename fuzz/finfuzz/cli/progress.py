"""Progress of what takes time: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from finfuzz.support.durations import describe_roughly, estimate_rest
from finfuzz.support.terminal import DataConsole, reveal_line

#: Shortest interval of two plain lines.
_PLAIN_SECONDS = 20.0

Announce = Callable[[str], None]


class Advance(Protocol):
    """Shows that so many are done. ``of``: 0 for an unknown total. ``left``: estimated seconds.

    Without ``left``, the time that those done have taken gives the estimate. ``title`` replaces
    the one before.
    """

    def __call__(
        self, done: int, of: int, *, title: str = "", left: float | None = None
    ) -> None: ...


@contextlib.contextmanager
def show_progress(
    title: str, console: DataConsole | None = None
) -> Iterator[tuple[Announce, Advance]]:
    """Show how far something is: a bar on a terminal, a line every 20 seconds elsewhere.

    Yield two functions: ``announce(line)`` prints a line, ``advance(done, of)`` shows the progress.
    """
    console = console or DataConsole(err=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}", markup=False),
    )
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    began = printed = time.monotonic()
    named = title

    def announce(line: str) -> None:
        bar.console.print(reveal_line(line), soft_wrap=True)

    def advance(done: int, of: int, *, title: str = "", left: float | None = None) -> None:
        nonlocal began, named, printed
        now = time.monotonic()
        if title not in ("", named):
            named, began = title, now
        if left is None and of:
            left = estimate_rest(done, of - done, now - began)
        rest = f"{describe_roughly(left)} left" if left else ""
        bar.update(task, completed=done, total=of or None, description=named, left=rest)
        if bar.disable and done and now >= printed + _PLAIN_SECONDS:
            printed = now
            place = f"{named}: {done} of {of}" if of else f"{named}: {done}"
            announce(f"{place}, {rest}" if rest else place)

    with bar:
        task = bar.add_task(title, total=None, left="")
        yield announce, advance
