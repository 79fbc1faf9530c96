"""Ledgers of one sweep on several machines: each takes over the blocks that others finished."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from finfuzz.generation.sweep.ledger import DONE, HEADER, MOST_BYTES, NUMBER, list_numbers
from finfuzz.support.errors import UserError
from finfuzz.support.reading import read_bounded


def read_ledger(path: Path) -> bytes | None:
    """Read a ledger whole, to compare with others; None if there is none that can be read."""
    with contextlib.suppress(UserError):
        return read_bounded(path, MOST_BYTES, "the ledger of a sweep")
    return None


def take_done(path: Path, other: bytes) -> int:
    """Mark the blocks that are finished in another ledger of the same space; return their number.

    A block that a worker runs here is left to that worker. The ledger must not be open in this
    process. Raises OSError.
    """
    ours = read_ledger(path)
    if ours is None or ours[:HEADER] != other[:HEADER] or len(ours) != len(other):
        return 0
    pairs = zip(list_numbers(ours), list_numbers(other), strict=True)
    new = [(block, theirs) for block, (mine, theirs) in enumerate(pairs) if theirs & ~mine & DONE]
    return _mark(path, ours[:HEADER], new) if new else 0


def _mark(path: Path, space: bytes, new: list[tuple[int, int]]) -> int:
    handle, marked = os.open(path, os.O_RDWR), 0
    try:
        if os.pread(handle, HEADER, 0) != space:  # begun anew meanwhile
            return 0
        for block, number in new:
            place = HEADER + block * NUMBER.size
            with contextlib.suppress(BlockingIOError):
                fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, NUMBER.size, place)
                os.pwrite(handle, NUMBER.pack(number), place)
                fcntl.lockf(handle, fcntl.LOCK_UN, NUMBER.size, place)
                marked += 1
    finally:
        os.close(handle)
    return marked
