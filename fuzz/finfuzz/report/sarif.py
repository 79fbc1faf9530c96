"""Write findings as SARIF 2.1.0, which code hosts show beside the source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from finfuzz.triage.diagnosis import DIAGNOSTICS
from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.listing import ListedFinding
from finfuzz.triage.findings.story import describe

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def to_sarif(entries: Sequence[ListedFinding], version: str) -> dict[str, Any]:
    """Make one run with a result per readable finding. ``version`` is finfuzz's own."""
    found = [(entry, entry.finding) for entry in entries if entry.finding is not None]
    used = sorted({finding.diagnostic for _, finding in found})
    driver = {
        "name": "finfuzz",
        "version": version,
        "rules": [
            {"id": name, "shortDescription": {"text": DIAGNOSTICS.get(name, name)}} for name in used
        ],
    }
    results = [_make_result(entry, finding, used) for entry, finding in found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _make_result(entry: ListedFinding, finding: Finding, rules: Sequence[str]) -> dict[str, Any]:
    script = f"{finding.folder.as_posix()}/repro.py"
    return {
        "ruleId": finding.diagnostic,
        "ruleIndex": rules.index(finding.diagnostic),
        "level": "note" if entry.status in ("known", "merged") else "error",
        # viewers cut a message at its first line
        "message": {"text": f"{finding.title}.\n{describe(finding)}"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": script}}}],
        "partialFingerprints": {"finfuzzBucket/v1": finding.bucket},
        "stacks": [_make_stack(finding)] if finding.stack else [],
        "properties": {
            "signal": finding.signal,
            "phase": finding.phase,
            "target": finding.target.spec,
            "python": finding.target.python,
            "status": entry.status,
            "owner": entry.owner,
            "rate": str(finding.rate),
        },
    }


def _make_stack(finding: Finding) -> dict[str, Any]:
    return {
        "message": {"text": "stack of the process"},
        "frames": [
            {"module": frame.module, "location": {"message": {"text": frame.function or "?"}}}
            for frame in finding.stack
        ],
    }
