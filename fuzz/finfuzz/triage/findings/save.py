"""Write a new finding's folder: it appears whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from finfuzz.support.errors import UserError
from finfuzz.support.files import folder_beside
from finfuzz.triage.findings.files import require_no_link
from finfuzz.triage.findings.finding import FILE, Finding, encode
from finfuzz.triage.findings.title import make_title
from finfuzz.triage.findings.trust import note_finding


class NotWrittenError(UserError):
    """A finding that can't be written now: a full disk, say. ``save`` may be called again."""

    def __init__(self, message: str, finding: Finding, files: Mapping[str, str]) -> None:
        super().__init__(message)
        self.finding, self.files = finding, files


def save(crashes: Path, finding: Finding, files: Mapping[str, str]) -> Path:
    """Write a new finding's folder. ``files``: contents by name.

    Raises FileExistsError where another campaign has filed the same finding meanwhile, and
    NotWrittenError where it can't be written now.
    """
    final = crashes / finding.folder
    finding.title = make_title(finding)
    try:
        require_no_link(final)
    except UserError as error:
        raise NotWrittenError(str(error), finding, files) from error
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        with folder_beside(final) as beside:
            folder = beside / finding.bucket
            folder.mkdir()
            for name, content in files.items():
                (folder / name).write_text(content, encoding="utf-8")
            (folder / FILE).write_bytes(encode(finding))
            _move(folder, final)
    except FileExistsError as error:
        if error.args == (final,):
            raise
        raise _make_unwritten(final, finding, files, error) from error
    except OSError as error:
        raise _make_unwritten(final, finding, files, error) from error
    note_finding(final)
    return final


def _move(folder: Path, final: Path) -> None:
    """Move a whole finding to its place. Raises FileExistsError(final) if a finding is there."""
    try:
        os.rename(folder, final)
    except OSError as error:  # ENOTEMPTY or EEXIST
        if (final / FILE).exists():
            raise FileExistsError(final) from error
        raise


def _make_unwritten(
    final: Path, finding: Finding, files: Mapping[str, str], error: OSError
) -> NotWrittenError:
    return NotWrittenError(f"can't write {final}: {error.strerror}", finding, files)
