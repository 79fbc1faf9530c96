"""Findings whose bucket an older list of telling frames made get a new key, not a new filing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from finfuzz.support.errors import UserError
from finfuzz.triage.diagnosis import key_frames, telling
from finfuzz.triage.diagnosis.symbols import Frame
from finfuzz.triage.findings.finding import Finding, load, paths, update


def rekey(crashes: Path) -> Iterator[str]:
    """Gives each finding the bucket that today's list makes of its stack; yields a line for each.

    Where two come together, the later one is marked as merged into the other: nothing is deleted.
    """
    for folder in paths(crashes):
        with contextlib.suppress(UserError):  # a damaged one keeps what it is called
            finding = load(folder)
            if finding.key_version < telling.VERSION:
                yield _rekeyed(crashes, folder, finding)


def _rekeyed(crashes: Path, folder: Path, finding: Finding) -> str:
    before = finding.bucket
    frames = [Frame(*msgspec.structs.astuple(one)) for one in finding.stack]
    # Without a stack there is nothing to make telling frames of, and the old ones stay.
    finding.frames = key_frames(finding.diagnosis, frames) or finding.frames
    finding.key_version = telling.VERSION
    finding.bucket = finding.diagnosis.bucket
    finding.former = (*finding.former, before)
    new = crashes / finding.folder
    if new.exists() and new != folder:
        finding.merged_into, finding.bucket = finding.bucket, before
        update(folder, finding)
        return (
            f"{before} is {finding.merged_into} by the new list of telling frames: merged into it"
        )
    os.rename(folder, new)
    update(new, finding)
    return f"{before} is called {finding.bucket} by the new list of telling frames"
