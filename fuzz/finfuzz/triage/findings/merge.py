"""A person says that two findings are one: recorded in the finding, and undone as easily."""

from __future__ import annotations

from pathlib import Path

from finfuzz.support.errors import UserError
from finfuzz.triage.findings.finding import Finding, load, update


def merge(folder: Path, into: Path) -> Finding:
    """Marks the first as the second. From then on its deaths are counted there.

    Raises UserError where they are one already, or the second is merged into another itself.
    """
    finding, other = load(folder), load(into)
    if finding.bucket == other.bucket:
        raise UserError(f"{finding.bucket} can't be merged into itself: name two findings")
    if other.merged_into:
        raise UserError(
            f"{other.bucket} is merged into {other.merged_into} itself: merge into that one"
        )
    finding.merged_into = other.bucket
    update(folder, finding)
    return finding


def unmerge(folder: Path) -> Finding:
    """Takes a merge back. Raises UserError where there is none."""
    finding = load(folder)
    if not finding.merged_into:
        raise UserError(f"{finding.bucket} is not merged into another")
    finding.merged_into = ""
    update(folder, finding)
    return finding
