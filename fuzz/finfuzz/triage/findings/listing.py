"""Findings as a list: what each is called, how it stands, which are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from finfuzz.support.errors import UserError
from finfuzz.targets.spec import parse_target
from finfuzz.triage.findings.finding import Finding, load, paths
from finfuzz.triage.findings.known import Known, known, known_in

Status = Literal["new", "known", "regressed", "merged", "damaged"]


@dataclass(frozen=True)
class ListedFinding:
    """A folder of findings' one line. ``finding`` is None for one that can't be read, and
    ``problem`` says why. ``known``: the defect of the list that it is."""

    folder: Path
    finding: Finding | None
    known: Known | None = None
    problem: str = ""

    @property
    def status(self) -> Status:
        if self.finding is None:
            return "damaged"
        if self.finding.merged_into:
            return "merged"
        if self.finding.regressed:
            return "regressed"
        return "known" if self.known else "new"

    @property
    def owner(self) -> str:
        """Its owner, `?` before the controls have run."""
        attribution = self.finding.attribution if self.finding else None
        return attribution.owner if attribution else "?"


@dataclass(frozen=True)
class Filter:
    """What is asked for; an empty field asks for anything. ``phase`` may be its first part."""

    signal: str = ""
    diagnostic: str = ""
    owner: str = ""
    phase: str = ""
    status: str = ""
    flaky: bool = False

    def takes(self, entry: ListedFinding) -> bool:
        finding = entry.finding
        if self.status and entry.status != self.status:
            return False
        if finding is None:
            return not (self.signal or self.diagnostic or self.owner or self.phase or self.flaky)
        return (
            self.signal in ("", finding.signal)
            and self.diagnostic in ("", finding.diagnostic)
            and self.owner in ("", entry.owner)
            and (self.phase in ("", finding.phase, finding.phase.partition("/")[0]))
            and (finding.flaky or not self.flaky)
        )


def entries(crashes: Path) -> Iterator[ListedFinding]:
    """All in a crashes folder: a damaged one is an entry too. Raises UserError for a damaged
    known.toml."""
    table = known_in(crashes)
    for folder in paths(crashes):
        try:
            finding = load(folder)
            spec = parse_target(finding.target.spec)
            explained = known(finding.diagnosis, spec, finding.target.python, table)
        except UserError as error:
            yield ListedFinding(folder, None, problem=str(error))
            continue
        yield ListedFinding(folder, finding, explained)
