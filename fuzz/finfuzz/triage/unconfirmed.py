"""Keep failures that were seen once and did not come again: no findings, but not lost either."""

from __future__ import annotations

from pathlib import Path

import msgspec

from finfuzz.executor.outcome import Outcome
from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole

#: The folder in a crashes folder.
FOLDER = "unconfirmed"


def keep_unconfirmed(crashes: Path, bucket: str, program: str, outcome: Outcome) -> Path:
    """Write a program and its outcome into ``crashes``/unconfirmed/BUCKET; return that folder.

    Raise UserError where one of the two folders is a link: it may lead outside. A file that is a
    link is replaced.
    """
    folder = crashes / FOLDER / bucket
    for place in (folder.parent, folder):
        if place.is_symlink():
            raise UserError(f"{place} is a link, and findings have none: remove it")
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "program.fin", program)
    write_whole(folder / "stderr.txt", outcome.stderr)
    write_whole(folder / "outcome.json", msgspec.json.encode(outcome))
    return folder
