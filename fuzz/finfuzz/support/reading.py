"""Read files that others wrote: regular files of a bounded size, or one line that says why not."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from finfuzz.support.errors import UserError

#: Characters of somebody's text that a message quotes.
_QUOTED = 40


def read_bounded(path: Path, most: int, name: str) -> bytes:
    """Read a whole file. ``most``: the largest size, in bytes; ``name``: what the file should be.

    Raise UserError for what is no regular file (a pipe would block, a device may never end), for a
    larger file, and for one that can't be read.
    """
    try:
        # O_NONBLOCK: opening a pipe without a writer would wait for one
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise UserError(f"{path} is no regular file, so it can't be {name}: name a file")
            data = file.read(most + 1)  # the file may have grown since
    except OSError as error:
        raise UserError(f"can't read {name} {path}: {error.strerror}") from error
    if len(data) > most:
        size = max(found.st_size, len(data))
        raise UserError(f"{path} has {size} bytes: {name} has at most {most}")
    return data


def require_regular(path: Path, name: str) -> None:
    """Raise UserError unless the path, links followed, is a regular file."""
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        raise UserError(f"can't read {name} {path}: {error.strerror}") from error
    if not regular:
        raise UserError(f"{path} is no regular file, so it can't be {name}: name a file")


def shorten(text: str, most: int = _QUOTED) -> str:
    """Shorten somebody's text to so many characters, to quote it in a message."""
    return text if len(text) <= most else f"{text[:most]}…"
