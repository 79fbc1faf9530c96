"""Keep what each Python answered when it was probed: starting a dozen takes half a second."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path

from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.targets.cache import find_cache

_ELF = b"\x7fELF"


def find_place(path: Path, question: str) -> Path | None:
    """Find the file for the answer of the Python at ``path``, another once that is changed.

    None if nothing is kept: of a script, such as a shim of pyenv, which may start another Python
    the next time, or where there is no usable cache.
    """
    real = Path(os.path.realpath(path))
    try:
        if not real.is_file():
            return None
        with real.open("rb") as file:
            if file.read(len(_ELF)) != _ELF:
                return None
            status = os.fstat(file.fileno())
        cache = find_cache()
    except (OSError, UserError):
        return None
    # The time of the last change can't be set, as that of the last writing can.
    facts = (status.st_dev, status.st_ino, status.st_size, status.st_ctime_ns)
    libraries = os.environ.get("LD_LIBRARY_PATH", "")  # another libpython
    key = json.dumps([question, os.path.abspath(path), str(real), facts, libraries])
    return cache / "answers" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


def read_answer(place: Path | None) -> bytes:
    """Read an answer, empty without one."""
    try:
        return place.read_bytes() if place else b""
    except OSError:
        return b""


def keep_answer(place: Path | None, answer: bytes) -> None:
    """Keep an answer; a full disk only costs the next command its half second."""
    with contextlib.suppress(OSError, UserError):
        if place:
            place.parent.mkdir(exist_ok=True)
            write_whole(place, answer)
