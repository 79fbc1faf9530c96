"""Folders of findings as commands take them: there at all, and with keys of today."""

from __future__ import annotations

import re
from pathlib import Path

from finfuzz.support.counting import count
from finfuzz.support.errors import UserError
from finfuzz.support.terminal import say
from finfuzz.triage.diagnosis import DIAGNOSTICS
from finfuzz.triage.findings.rekey import count_outdated

_FILED = re.compile(r"/[A-Z][A-Z0-9+]*/[^/]+/[0-9a-f]{12}\Z")


def warn_outdated(crashes: Path) -> None:
    """Print on standard error how many findings `finfuzz rekey` would rename, if any."""
    outdated = count_outdated(crashes)
    if outdated:
        keys = count(outdated, "finding has a key", "findings have keys")
        them = "it" if outdated == 1 else "them"
        command = f"finfuzz rekey {crashes}"
        say(f"{keys} of an older version: `{command}` renames {them}", err=True)


def require_folder(crashes: Path) -> None:
    """Raise UserError if there is no folder of findings."""
    if not crashes.is_dir():
        raise UserError(f"there is no folder of findings {crashes}: name one by --crashes")


def find_crashes(finding: Path, crashes: Path) -> Path:
    """Find the crashes folder that a finding's folder lies in: another than ``crashes``, if any.

    It is told by the names of SIGNAL/DIAGNOSTIC/BUCKET. A copy may lie anywhere, in `/tmp` say, and
    what is above it is then no folder of findings.
    """
    folder = finding.resolve()
    is_filed = _FILED.search(str(folder)) and folder.parent.name in DIAGNOSTICS
    return folder.parents[2] if is_filed and folder.parents[2] != crashes.resolve() else crashes
