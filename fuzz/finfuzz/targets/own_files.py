"""Notes in the cache of what this user's finfuzz wrote, by digest.

What somebody sent looks the same, and some commands run what it names.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.targets.cache import find_cache


def note_own(digest: str) -> None:
    """Take note that finfuzz wrote this. Where that fails, commands ask for --trust later."""
    with contextlib.suppress(UserError, OSError):
        path = _locate(digest)
        path.parent.mkdir(exist_ok=True)
        write_whole(path, b"")


def is_own(digest: str) -> bool:
    """Whether finfuzz wrote this here. Raises UserError without a cache."""
    return _locate(digest).exists()


def _locate(digest: str) -> Path:
    return find_cache() / "own" / digest
