"""Findings as a list: the status of each, and a filter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from finfuzz.support.errors import UserError
from finfuzz.targets.spec import parse_target
from finfuzz.triage.findings.finding import Finding, list_folders, load
from finfuzz.triage.findings.known import KnownDefect, find_known, load_known

Status = Literal["new", "known", "regressed", "merged", "damaged"]


@dataclass(frozen=True)
class ListedFinding:
    """One folder in the list. ``known``: the entry of known.toml that explains the finding.

    ``finding`` is None where finding.json can't be read; ``problem`` gives the reason.
    """

    folder: Path
    finding: Finding | None
    known: KnownDefect | None = None
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
        """The finding's owner, `?` until the controls have run."""
        attribution = self.finding.attribution if self.finding else None
        return attribution.owner if attribution else "?"


@dataclass(frozen=True)
class Filter:
    """The findings a person asks for. An empty field accepts anything; ``phase`` may be the part
    before the slash."""

    signal: str = ""
    diagnostic: str = ""
    owner: str = ""
    phase: str = ""
    status: str = ""
    flaky: bool = False

    def accepts(self, entry: ListedFinding) -> bool:
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


def list_findings(crashes: Path) -> Iterator[ListedFinding]:
    """List all findings of a crashes folder, damaged ones too.

    Raises UserError for a damaged known.toml.
    """
    table = load_known(crashes)
    for folder in list_folders(crashes):
        try:
            finding = load(folder)
            spec = parse_target(finding.target.spec)
            explained = find_known(finding.diagnosis, spec, finding.target.python, table)
        except UserError as error:
            yield ListedFinding(folder, None, problem=str(error))
            continue
        yield ListedFinding(folder, finding, explained)
