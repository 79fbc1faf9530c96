"""Sorting what a command has met, and the controls of what it files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from finfuzz.cli.progress import Advance, show_progress
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.support.hints import shorten_path, spell_command
from finfuzz.support.terminal import DataConsole, reveal_line
from finfuzz.targets.build import Build
from finfuzz.triage.filer import Origin
from finfuzz.triage.sorter import Sorter


class Filing:
    """The filing of what a program did, with findings below ``crashes``."""

    def __init__(
        self, made: Build, crashes: Path, limits: Limits, *, owner_only: bool = False
    ) -> None:
        self._console = DataConsole(err=True)
        self._crashes = crashes
        self._bar: Advance | None = None
        self.sorter = Sorter(
            made,
            crashes,
            limits,
            Origin("program", 0),
            self._announce,
            self._advance,
            owner_only=owner_only,
        )

    def sight(self, text: str, outcome: Outcome, number: int, *, thorough: bool = False) -> None:
        """Sort a program's outcome, and show the progress. ``number``: its place among others."""
        with show_progress("sorting", self._console) as (_, self._bar):
            self.sorter.sight(text, outcome, number, 0.0, thorough=thorough)
        self._bar = None

    def run_controls(self) -> None:
        """Run the controls and instruments of new findings; Ctrl-C leaves the rest, without error.

        The findings are on disk before, and each control that has told the owner or more.
        """
        sorter = self.sorter
        for folder in sorter.waiting:
            script = f"its script is {shorten_path(folder / 'repro.py')}"
            self._announce(f"{folder.name} is filed, {script}; running controls, Ctrl-C is fine")
        try:
            with show_progress("controls", self._console) as (_, advance):
                while sorter.work():
                    if now := sorter.progress:
                        title = f"{now.folder.name}: {now.name}"
                        advance(now.done, now.of, title=title, left=now.left)
        except KeyboardInterrupt:
            buckets = (folder.name for folder in sorter.waiting)
            command = spell_command("attribute", *buckets, crashes=self._crashes)
            self._announce(f"interrupted; the findings are on disk: `{command}` runs the controls")

    def _advance(self, name: str, done: int, of: int) -> None:
        if self._bar is not None:
            self._bar(done, of, title=name)

    def _announce(self, line: str) -> None:
        self._console.print(reveal_line(line), soft_wrap=True)


@contextlib.contextmanager
def filing(
    made: Build, crashes: Path, limits: Limits, *, owner_only: bool = False
) -> Iterator[Filing]:
    """File in this context; its end writes the counts of sightings."""
    opened = Filing(made, crashes, limits, owner_only=owner_only)
    try:
        yield opened
    finally:
        opened.sorter.close()
