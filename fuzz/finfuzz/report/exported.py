"""Findings as JSON, for other tools."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.listing import ListedFinding, Status


class Listed(msgspec.Struct, frozen=True):
    """A finding as `triage --json` has it: where it lies, how it stands, and its finding.json.

    ``finding`` is null for one that can't be read, and ``problem`` says why.
    """

    path: str
    status: Status
    flaky: bool
    owner: str
    problem: str
    finding: Finding | None


def exported(entries: Sequence[ListedFinding]) -> bytes:
    """A JSON array, an object a finding."""
    rows = [
        Listed(
            path=str(entry.folder),
            status=entry.status,
            flaky=entry.finding is not None and entry.finding.flaky,
            owner=entry.owner,
            problem=entry.problem,
            finding=entry.finding,
        )
        for entry in entries
    ]
    return msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n"
