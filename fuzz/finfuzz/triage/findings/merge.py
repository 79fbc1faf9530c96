"""Merging: a person states that two findings are one defect. The finding records it, reversibly."""

from __future__ import annotations

from pathlib import Path

from finfuzz.support.errors import UserError
from finfuzz.triage.findings.finding import Finding, load, update


def merge(folder: Path, into: Path) -> Finding:
    """Mark the first finding as the second: its later sightings are counted for the second.

    Raises UserError where both are one already, or the second is itself merged into another.
    """
    finding, other = load(folder), load(into)
    if finding.bucket == other.bucket:
        raise UserError(f"{finding.bucket} can't be merged into itself: name two findings")
    if other.merged_into:
        raise UserError(
            f"{other.bucket} is itself merged into {other.merged_into}: "
            f"merge into {other.merged_into}"
        )
    finding.merged_into = other.bucket
    update(folder, finding)
    return finding


def unmerge(folder: Path) -> Finding:
    """Undo a merge. Raises UserError where there is none."""
    finding = load(folder)
    if not finding.merged_into:
        raise UserError(f"{finding.bucket} is not merged into another")
    finding.merged_into = ""
    update(folder, finding)
    return finding
