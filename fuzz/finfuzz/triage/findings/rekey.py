"""The new keys of findings whose bucket an older list of telling frames made."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from finfuzz.support.errors import UserError
from finfuzz.triage.diagnosis import find_key_frames, telling
from finfuzz.triage.diagnosis.symbols import Frame
from finfuzz.triage.findings.files import require_no_link
from finfuzz.triage.findings.finding import Finding, list_folders, load_readable, update
from finfuzz.triage.findings.title import make_title


@dataclass(frozen=True)
class NewKey:
    """A planned change of one finding, described in a line by ``str``.

    ``finding``: the record as it will be. ``folder`` and ``place``: where the finding is and will
    be. ``line``: the change in words.
    """

    folder: Path
    place: Path
    finding: Finding
    line: str

    def __str__(self) -> str:
        return self.line

    def apply(self) -> None:
        """Rename the folder and rewrite finding.json. Raises UserError if something is in the way.

        Interrupted between the two, the finding stays outdated, and the next run completes it.
        """
        require_no_link(self.place)
        if self.place != self.folder:
            try:
                os.rename(self.folder, self.place)
            except OSError as error:
                raise UserError(
                    f"can't rename {self.folder} to {self.place}: {error.strerror}: "
                    "move away what is there"
                ) from error
        update(self.place, self.finding)


def count_outdated(crashes: Path) -> int:
    """Count the findings whose key an older list of telling frames made."""
    return sum(_is_outdated(finding) for _, finding in load_readable(crashes))


def plan_rekey(crashes: Path) -> list[NewKey]:
    """Plan today's key for each outdated finding; write nothing. Damaged findings are left out.

    Where two findings get one key, the later is marked as merged into the other: nothing is
    deleted.
    """
    occupied = set(list_folders(crashes))
    renamed: dict[str, str] = {}
    plan, current = [], []
    for folder, finding in load_readable(crashes):
        if not _is_outdated(finding):
            current.append((folder, finding))
            continue
        before = finding.bucket
        change = _plan_one(crashes, folder, finding, occupied)
        occupied = (occupied - {folder}) | {change.place}
        if change.finding.bucket != before:
            renamed[before] = change.finding.bucket
        plan.append(change)
    for change in plan:
        into = change.finding.merged_into
        change.finding.merged_into = renamed.get(into, into)
    return plan + [
        _point_elsewhere(folder, finding, renamed[finding.merged_into])
        for folder, finding in current
        if finding.merged_into in renamed
    ]


def _is_outdated(finding: Finding) -> bool:
    return finding.key_version < telling.VERSION


def _plan_one(crashes: Path, folder: Path, finding: Finding, occupied: set[Path]) -> NewKey:
    before = finding.bucket
    frames = [Frame(**msgspec.structs.asdict(one)) for one in finding.stack]
    # Without a stack there is nothing to make telling frames of, and the old ones stay.
    finding.frames = find_key_frames(finding.diagnosis, frames) or finding.frames
    finding.key_version = telling.VERSION
    finding.title = make_title(finding)
    finding.bucket = finding.diagnosis.bucket
    if finding.bucket == before:
        return NewKey(folder, folder, finding, f"{before} keeps its bucket")
    finding.former = (*finding.former, before)
    place = crashes / finding.folder
    if place in occupied - {folder}:
        finding.merged_into, finding.bucket = finding.bucket, before
        line = f"{before} is merged into {finding.merged_into}, which has the same key now"
        return NewKey(folder, folder, finding, line)
    return NewKey(folder, place, finding, f"{before} is renamed to {finding.bucket}")


def _point_elsewhere(folder: Path, finding: Finding, bucket: str) -> NewKey:
    line = f"{finding.bucket} is merged into {bucket}, which was {finding.merged_into}"
    finding.merged_into = bucket
    return NewKey(folder, folder, finding, line)
