"""The ledger of a sweep: how much of each block was run, in a file that all workers share."""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from hashlib import sha256
from pathlib import Path

#: The file begins with the digest of the space, then a number for each block.
_HEADER = 32
_NUMBER = struct.Struct("<I")
#: Set in the number of a block whose programs were all run.
_DONE = 1 << 31


class Ledger:
    """Numbers of programs that were run, by block. ``space``: what makes the space what it is.

    A block that a worker runs is locked: the kernel lets go of it however the worker ends, and the
    next worker goes on after the programs that were counted. A file of another space is begun anew.
    Raises OSError. Nobody else in the process may open the file, which would end its locks.
    """

    def __init__(self, path: Path, space: str, blocks: int) -> None:
        self._blocks = blocks
        digest = sha256(f"{blocks} {space}".encode()).digest()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.lockf(self._file, fcntl.LOCK_EX, _HEADER)  # one begins it, the others wait
        if os.pread(self._file, _HEADER, 0) != digest:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, digest, 0)
        os.ftruncate(self._file, self._place(blocks))
        fcntl.lockf(self._file, fcntl.LOCK_UN, _HEADER)
        self._map = mmap.mmap(self._file, 0)
        self._cursor = 0

    def claim(self) -> tuple[int, int] | None:
        """Lock the first block that nobody runs. Return it, and how many of its programs were run.

        None if every block was run, or is run by others.
        """
        for block in range(self._cursor, self._blocks):
            if self._read(block) & _DONE:
                if block == self._cursor:
                    self._cursor += 1
            elif self._lock(block, fcntl.LOCK_EX | fcntl.LOCK_NB):
                run = self._read(block)
                if not run & _DONE:
                    return block, run
                self._lock(block, fcntl.LOCK_UN)  # finished meanwhile
        return None

    def count(self, block: int, run: int, *, done: bool = False) -> None:
        """Count the programs of a locked block that were run; unlock it if that is all of it."""
        _NUMBER.pack_into(self._map, self._place(block), run | (_DONE if done else 0))
        if done:
            self._lock(block, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file, and unlock its blocks."""
        self._map.close()
        os.close(self._file)

    def _read(self, block: int) -> int:
        return int(_NUMBER.unpack_from(self._map, self._place(block))[0])

    def _lock(self, block: int, how: int) -> bool:
        try:
            fcntl.lockf(self._file, how, _NUMBER.size, self._place(block))
        except BlockingIOError:
            return False
        return True

    def _place(self, block: int) -> int:
        return _HEADER + block * _NUMBER.size


def read_counts(path: Path) -> list[tuple[int, bool]]:
    """Read how many programs of each block were run, and whether that is all of it.

    Empty without a file. Raises OSError.
    """
    try:
        data = path.read_bytes()[_HEADER:]
    except FileNotFoundError:
        return []
    whole = data[: len(data) // _NUMBER.size * _NUMBER.size]
    return [(n & ~_DONE, bool(n & _DONE)) for (n,) in _NUMBER.iter_unpack(whole)]
