"""Folders of findings as commands take them: there at all, and with keys of today."""

from __future__ import annotations

import re
from pathlib import Path

from finfuzz.support.errors import UserError
from finfuzz.support.terminal import say
from finfuzz.triage.findings.rekey import count_outdated

#: The folders of a crashes folder.
_SIGNAL = re.compile(r"SIG[A-Z0-9]+|NONE|HANG")


def warn_outdated(crashes: Path) -> None:
    """Print on standard error how many findings `finfuzz rekey` would rename, if any."""
    count = count_outdated(crashes)
    if count:
        keys = "1 finding has a key" if count == 1 else f"{count} findings have keys"
        them = "it" if count == 1 else "them"
        command = f"finfuzz rekey {crashes}"
        say(f"{keys} of an older version: `{command}` renames {them}", err=True)


def require_folder(crashes: Path) -> None:
    """Raise UserError if there is no folder of findings."""
    if not crashes.is_dir():
        raise UserError(f"there is no folder of findings {crashes}: name one by --crashes")


def find_crashes(finding: Path, crashes: Path) -> Path:
    """Find the crashes folder that a finding's folder lies in: ``crashes``, or another.

    A finding that lies alone is in none, whatever is in the folders above it.
    """
    parents = finding.resolve().parents
    if len(parents) < 3 or not _SIGNAL.fullmatch(parents[1].name):
        return crashes
    return crashes if parents[2] == crashes.resolve() else parents[2]
