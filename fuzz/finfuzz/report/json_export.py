"""Write findings as JSON, for other tools."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.listing import ListedFinding, Status


class ExportedFinding(msgspec.Struct, frozen=True):
    """A finding in the output of `triage --json`: its folder, its status and its finding.json.

    ``finding`` is null if the file can't be read; ``problem`` says why.
    """

    path: str
    status: Status
    flaky: bool
    owner: str
    problem: str
    finding: Finding | None


def to_json(entries: Sequence[ListedFinding]) -> bytes:
    """Write a JSON array with an object per finding."""
    rows = [
        ExportedFinding(
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
