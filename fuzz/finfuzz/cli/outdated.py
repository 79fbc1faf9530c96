"""The line that commands print when findings have keys of an older version."""

from __future__ import annotations

from pathlib import Path

from finfuzz.support.terminal import say
from finfuzz.triage.findings.rekey import count_outdated


def warn_outdated(crashes: Path) -> None:
    """Print on standard error how many findings `finfuzz rekey` would rename, if any."""
    count = count_outdated(crashes)
    if count:
        keys = "1 finding has a key" if count == 1 else f"{count} findings have keys"
        them = "it" if count == 1 else "them"
        command = f"finfuzz rekey {crashes}"
        say(f"{keys} of an older version: `{command}` renames {them}", err=True)


def find_crashes(finding: Path, crashes: Path) -> Path:
    """Find the crashes folder that a finding's folder lies in: ``crashes``, or another."""
    parents = finding.resolve().parents
    if len(parents) < 3 or parents[2] == crashes.resolve():
        return crashes
    return parents[2]
