"""Findings that could not be written, and their writing when there is room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from finfuzz.triage.findings.save import NotWrittenError, save


class Written(NamedTuple):
    """A finding that is filed now. ``new``: by us."""

    bucket: str
    folder: Path
    new: bool


class Unwritten:
    """The failures of a campaign that are not filed. ``reasons``: why, by bucket."""

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}
        self._waiting: dict[str, NotWrittenError] = {}

    def add(self, bucket: str, error: Exception) -> str:
        """Keep the reason, and the finding if there is one already. Returns the reason."""
        why = str(error)
        if isinstance(error, OSError):
            why = f"can't write {error.filename or 'the finding'}: {error.strerror}"
        if isinstance(error, NotWrittenError):
            self._waiting[bucket] = error
        self.reasons[bucket] = why
        return why

    def write(self, crashes: Path) -> Iterator[Written]:
        """Write what can be written now, and yield it."""
        for bucket, unwritten in list(self._waiting.items()):
            try:
                folder, new = save(crashes, unwritten.finding, unwritten.files), True
            except FileExistsError as error:  # filed by another campaign meanwhile
                folder, new = Path(str(error)), False
            except NotWrittenError:
                continue
            del self._waiting[bucket], self.reasons[bucket]
            yield Written(bucket, folder, new)
