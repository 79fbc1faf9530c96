"""Sorting what a command has met, and the controls of what it files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from finfuzz.cli.progress import Advance, show_progress
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.support.errors import UserError
from finfuzz.support.hints import shorten_path, spell_command
from finfuzz.support.terminal import DataConsole, reveal_line, say_line
from finfuzz.targets.build import Build
from finfuzz.triage.filer import Origin
from finfuzz.triage.findings.finding import load
from finfuzz.triage.findings.sightings import SeenBucket
from finfuzz.triage.sorter import Sorter

#: Said of a process that ended itself before its program did.
UNFILED = "not filed (docs/triage.md, early ends)"


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
        with show_progress("triaging", self._console) as (_, self._bar):
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

    def report(self) -> None:
        """Print a line for each finding, known defect and failure that did not come again.

        Raise UserError where one is not filed.
        """
        sorter = self.sorter
        for title in (entry.title for entry in sorter.known):
            say_line(f"known, not filed: {title}")
        for seen in sorter.seen.values():
            say_line(describe_filed(seen))
        for seen in sorter.unconfirmed.values():
            say_line(f"{seen.diagnosis}: unconfirmed, not filed: {seen.path}")
        if any(seen.path is None for seen in sorter.seen.values()):
            raise UserError("not everything is filed; the reason stands above: run it again then")

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


def describe_filed(seen: SeenBucket) -> str:
    """Say where a finding is, whether it was there before, and how its owner is found."""
    if seen.path is None:
        return f"{seen.diagnosis}: not filed"
    before = "" if seen.new else " (filed before)"
    missing = not seen.new and has_controls_left(seen.path)
    hint = f"; its owner: `{spell_command('attribute', seen.path)}`" if missing else ""
    return f"{seen.diagnosis}: {seen.path}{before}{hint}"


def has_controls_left(folder: Path) -> bool:
    """Whether a finding has no owner yet, or controls that have not run."""
    attribution = load(folder).attribution
    return attribution is None or attribution.left > 0
