"""Counts of features that machines share: what one has run, the others need not run again.

Counts are merged by the larger one, since what is sent twice must not count twice. So a feature
that two machines have run at the same time counts once: it is rather run again than left out.
"""

from __future__ import annotations

import mmap
import re
import zlib
from array import array
from collections.abc import Iterable
from pathlib import Path

from finfuzz.generation.novelty import PLACES

#: Places whose counts are sent at a time, four bytes each; the rest goes with the next ones.
MOST_SENT = 20_000
#: Latest changes that the campaign keeps for nodes; one that lags behind further misses some.
_MOST_KEPT = 200_000
#: A change is the place, and its count in the lowest bits.
_COUNT_BITS = 3
_CHANGED = re.compile(rb"[^\0]")


class NoveltyShare:
    """The counts of a node's lane: a file that its workers map."""

    def __init__(self, path: Path, everything: bytes = b"") -> None:
        """Begin with the campaign's counts. Raises OSError."""
        self._path = path
        self._shared = bytearray(unpack(everything))
        path.write_bytes(self._shared)

    def merge(self, changes: bytes) -> None:
        """Merge counts of other machines. Raises OSError.

        Where a worker counts at the same moment, one of both is lost, and a program runs again.
        """
        with self._path.open("r+b") as file, mmap.mmap(file.fileno(), PLACES) as counts:
            for change in _read(changes):
                place, count = _split(change)
                if place < PLACES and count > self._shared[place]:
                    self._shared[place] = count
                    counts[place] = max(counts[place], count)

    def take_changes(self) -> bytes:
        """List counts that the campaign may not know, as many as are sent at a time.

        Takes some hundredths of a second.
        """
        now = self._path.read_bytes()
        found = array("I")
        for place in _find_different(now, self._shared):
            found.append(place << _COUNT_BITS | now[place])
            self._shared[place] = now[place]
            if len(found) == MOST_SENT:
                break
        return found.tobytes()


class NoveltyPool:
    """The counts of a campaign's lane, in its file, and the latest changes for its nodes."""

    def __init__(self, path: Path) -> None:
        """Go on with the counts in the file, if any. Raises OSError."""
        with path.open("a+b") as file:
            file.truncate(PLACES)  # sparse: only what is used takes room
            self._counts = mmap.mmap(file.fileno(), PLACES)
        self._changes = array("I")
        self._dropped = 0

    @property
    def position(self) -> int:
        """The number of changes so far: a node that begins with ``pack`` lacks only later ones."""
        return self._dropped + len(self._changes)

    def merge(self, changes: bytes) -> None:
        """Merge counts of a node."""
        for change in _read(changes):
            place, count = _split(change)
            if place < PLACES and count > self._counts[place]:
                self._counts[place] = count
                self._changes.append(change)
        if len(self._changes) > 2 * _MOST_KEPT:
            self._dropped += len(self._changes) - _MOST_KEPT
            self._changes = self._changes[-_MOST_KEPT:]

    def list_since(self, position: int) -> bytes:
        """List changes since a position; the latest if there are too many."""
        first = max(position - self._dropped, len(self._changes) - MOST_SENT, 0)
        return self._changes[first:].tobytes()

    def pack(self) -> bytes:
        """Pack all counts for a node that begins. Takes some hundredths of a second."""
        return zlib.compress(self._counts, 1)


def unpack(packed: bytes) -> bytes:
    """Unpack all counts; none where there are none, or too many."""
    if not packed:
        return bytes(PLACES)
    return zlib.decompressobj().decompress(packed, PLACES).ljust(PLACES, b"\0")


def _read(changes: bytes) -> Iterable[int]:
    found = array("I")
    found.frombytes(changes[: len(changes) // found.itemsize * found.itemsize])
    return found


def _split(change: int) -> tuple[int, int]:
    return change >> _COUNT_BITS, change & (1 << _COUNT_BITS) - 1


def _find_different(now: bytes, before: bytearray) -> Iterable[int]:
    """Find the places that differ: as two large numbers, which C code compares."""
    different = int.from_bytes(now, "little") ^ int.from_bytes(before, "little")
    for match in _CHANGED.finditer(different.to_bytes(PLACES, "little")):
        yield match.start()
