"""Copies of findings in other folders of findings: data alone, which nobody has to trust."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from finfuzz.support.errors import UserError
from finfuzz.support.files import folder_beside, write_whole
from finfuzz.triage.findings.attribution import Attribution
from finfuzz.triage.findings.escalation import Escalation
from finfuzz.triage.findings.files import SCRIPT, read_file
from finfuzz.triage.findings.finding import FILE, RECIPE, load, update

#: What else a copy has of a finding; no other file of somebody's folder comes along.
_FILES = (*SCRIPT, RECIPE, "program.fin", "stack.txt", "stderr.txt")
_LARGEST = 4 << 20


def copy_finding(folder: Path, to: Path) -> None:
    """Copy a finding; where it is there, replace its record alone. The copy appears whole.

    Raises UserError for files that a finding does not have (links, large ones), and OSError where
    the copy can't be written.
    """
    record = read_file(folder / FILE, _LARGEST, "the finding")
    if (to / FILE).exists():
        write_whole(to / FILE, record)
        return
    files = {name: read_file(folder / name, _LARGEST, "a file") for name in _list(folder)}
    to.parent.mkdir(parents=True, exist_ok=True)
    with folder_beside(to) as beside:
        made = beside / to.name
        made.mkdir()
        for name, content in {**files, FILE: record}.items():
            (made / name).write_bytes(content)
        try:
            os.rename(made, to)
        except OSError:
            if not (to / FILE).exists():
                raise  # else somebody has filed the same meanwhile


def take_attribution(
    folder: Path, attribution: Attribution | None, escalation: tuple[Escalation, ...]
) -> None:
    """Give a copy what its source has got since. Raises UserError."""
    finding = load(folder)
    finding.attribution, finding.escalation = attribution, escalation
    update(folder, finding)


def is_changed(folder: Path, copy: Path) -> bool:
    """Whether the copy is missing, or has another record."""
    with contextlib.suppress(UserError):
        old = read_file(copy / FILE, _LARGEST, "the finding")
        return read_file(folder / FILE, _LARGEST, "the finding") != old
    return True


def _list(folder: Path) -> list[str]:
    return [name for name in _FILES if os.path.lexists(folder / name)]
