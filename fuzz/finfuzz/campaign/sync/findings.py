"""Findings between machines: each publishes its own, and takes over those of others.

Nothing of a finding that was taken over runs here: it is not noted as ours, so every command that
would run its script asks for --trust.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from finfuzz.campaign.sync.shared_folder import CRASHES, list_names
from finfuzz.campaign.updates import TakeAttribution
from finfuzz.support.errors import UserError
from finfuzz.triage.diagnosis.telling import VERSION
from finfuzz.triage.findings.copies import copy_finding, is_changed
from finfuzz.triage.findings.finding import Finding, list_folders, load
from finfuzz.triage.findings.trust import is_own

_SIGNAL = re.compile(r"[A-Z][A-Z0-9]{1,31}")
_DIAGNOSTIC = re.compile(r"[a-z][a-z0-9-]{1,63}")
_BUCKET = re.compile(r"[0-9a-f]{12}")
#: Findings of one machine: a campaign of a week files some dozen.
_MOST = 1000


class Findings:
    """The findings below ``crashes``, and those published in ``own``.

    ``taken``: the places of those that came from other machines.
    """

    def __init__(self, crashes: Path, own: Path, taken: set[str]) -> None:
        self._crashes, self._own = crashes, own / CRASHES
        self.taken = taken
        self._seen: dict[Path, tuple[int, int]] = {}
        self._refused: set[Path] = set()

    def publish(self) -> None:
        """Copy our new and changed findings to the shared folder. Raises OSError."""
        for folder in list_folders(self._crashes):
            place = folder.relative_to(self._crashes)
            if str(place) in self.taken or not self._has_changed(folder):
                continue
            stamp = _stamp(folder)  # before: triage may write it while it is copied
            with contextlib.suppress(UserError):  # a damaged one
                if is_own(folder) and is_changed(folder, self._own / place):
                    copy_finding(folder, self._own / place)
            self._seen[folder] = stamp

    def take(self, machine: Path) -> list[Finding]:
        """Take over the findings of a machine whose buckets are not here. Raises OSError."""
        found = []
        for place in self._list_places(machine / CRASHES):
            folder = machine / CRASHES / place
            if folder in self._refused or self._is_here(place):
                continue
            try:
                finding = load(folder)
                if finding.folder != place or finding.key_version != VERSION:
                    raise UserError(f"{folder} is another finding, or another finfuzz's")
                copy_finding(folder, self._crashes / place)
            except UserError as error:
                if not isinstance(error.__cause__, OSError):  # else it may be readable later
                    self._refused.add(folder)
                continue
            self.taken.add(str(place))
            found.append(finding)
        return found

    def list_updates(self, machine: Path) -> list[TakeAttribution]:
        """List the findings from a machine whose controls have run there since."""
        found = []
        for place in sorted(self.taken):
            folder, source = self._crashes / place, machine / CRASHES / place
            with contextlib.suppress(OSError, UserError):
                if self._seen.get(source) == (stamp := _stamp(source)):
                    continue
                ours, theirs = load(folder), load(source)
                if (theirs.bucket, theirs.program) != (ours.bucket, ours.program):
                    continue  # that machine has another program for the bucket
                news = theirs.attribution, theirs.escalation
                if news != (ours.attribution, ours.escalation):
                    found.append(TakeAttribution(str(folder), *news))
                else:
                    self._seen[source] = stamp
        return found

    def _list_places(self, crashes: Path) -> list[Path]:
        places = list(self._walk(crashes))
        return sorted(places)[:_MOST]

    def _walk(self, crashes: Path) -> Iterator[Path]:
        for signal in list_names(crashes, _SIGNAL):
            for diagnostic in list_names(crashes / signal, _DIAGNOSTIC):
                for bucket in list_names(crashes / signal / diagnostic, _BUCKET):
                    yield Path(signal, diagnostic, bucket)

    def _is_here(self, place: Path) -> bool:
        """Whether the bucket has a finding here: then each machine keeps its own."""
        return any(self._crashes.glob(f"*/*/{place.name}"))

    def _has_changed(self, folder: Path) -> bool:
        with contextlib.suppress(OSError):
            return self._seen.get(folder) != _stamp(folder)
        return False


def _stamp(folder: Path) -> tuple[int, int]:
    found = (folder / "finding.json").stat()
    return found.st_mtime_ns, found.st_size
