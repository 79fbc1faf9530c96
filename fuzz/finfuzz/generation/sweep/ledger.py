"""The ledger of a sweep: how much of each block was run, in a file that all workers share."""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from collections.abc import Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path

import msgspec

from finfuzz.generation.sweep.share import WHOLE, read_share
from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.support.reading import read_bounded

#: The file begins with the digest of the space, then a number for each block.
HEADER = 32
NUMBER = struct.Struct("<I")
#: Bytes of a ledger that are read: the largest space has some 20,000 blocks.
MOST_BYTES = 1 << 24
#: Set in the number of a block whose programs were all run.
DONE = 1 << 31
#: Set in the number of a block that another machine runs (node_ledger.py).
ELSEWHERE = 1 << 30


class CellState(msgspec.Struct, frozen=True):
    """A cell of the sweep: what it is, how many of its programs were run, whether these are all."""

    cell: str
    programs: int
    complete: bool


class Ledger:
    """Numbers of programs that were run, by block.

    ``space``: what makes the space what it is. ``cells``: their names, each with the number of its
    blocks; a file beside the ledger has them for whoever reads it.

    A block that a worker runs is locked: the kernel lets go of it however the worker ends, and the
    next worker goes on after the programs that were counted. A file of another space is begun anew.
    Raises OSError. Nobody else in the process may open the file, which would end its locks.
    """

    def __init__(self, path: Path, space: str, cells: Sequence[tuple[str, int]]) -> None:
        self._blocks = blocks = sum(count for _, count in cells)
        digest = sha256(f"{blocks} {space}".encode()).digest()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.lockf(self._file, fcntl.LOCK_EX, HEADER)  # one begins it, the others wait
        if os.pread(self._file, HEADER, 0) != digest:
            os.ftruncate(self._file, 0)
            write_whole(_name_cells(path), msgspec.json.encode(cells))
            os.pwrite(self._file, digest, 0)
        os.ftruncate(self._file, self._place(blocks))
        fcntl.lockf(self._file, fcntl.LOCK_UN, HEADER)
        self._map = mmap.mmap(self._file, 0)
        self._path, self._share = path, WHOLE
        self._cursor = 0  # the first block of the share that may be left

    def claim(self) -> tuple[int, int] | None:
        """Lock the first block that nobody runs. Return it, and how many of its programs were run.

        Blocks of this machine's share come first, if it has one. None if every block was run, or is
        run by others.
        """
        if (share := read_share(self._path)) != self._share:
            self._share, self._cursor = share, share.rank
        cursor = self._cursor
        for block in share.list_in_order(cursor, self._blocks):
            if self._read(block) & (DONE | ELSEWHERE):
                if block == cursor:
                    cursor += share.of
            elif self._lock(block, fcntl.LOCK_EX | fcntl.LOCK_NB):
                run = self._read(block)
                if not run & DONE:
                    self._cursor = cursor
                    return block, run
                self._lock(block, fcntl.LOCK_UN)  # finished meanwhile
        self._cursor = share.rank  # blocks that come back from another machine may lie anywhere
        return None

    def count(self, block: int, run: int, *, done: bool = False) -> None:
        """Count the programs of a locked block that were run; unlock it if that is all of it."""
        NUMBER.pack_into(self._map, self._place(block), run | (DONE if done else 0))
        if done:
            self._lock(block, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file, and unlock its blocks."""
        self._map.close()
        os.close(self._file)

    def _read(self, block: int) -> int:
        return int(NUMBER.unpack_from(self._map, self._place(block))[0])

    def _lock(self, block: int, how: int) -> bool:
        try:
            fcntl.lockf(self._file, how, NUMBER.size, self._place(block))
        except BlockingIOError:
            return False
        return True

    def _place(self, block: int) -> int:
        return HEADER + block * NUMBER.size


def read_sweep(path: Path) -> list[CellState]:
    """Read the state of each cell that was begun; empty without a ledger.

    Raises UserError for a ledger that can't be read.
    """
    if not path.exists():
        return []
    counts = iter(list_numbers(read_bounded(path, MOST_BYTES, "the ledger of a sweep")))
    try:
        text = read_bounded(_name_cells(path), MOST_BYTES, "the cells of a sweep")
        cells = msgspec.json.decode(text, type=list[tuple[str, int]])
    except msgspec.DecodeError as error:
        raise UserError(f"{_name_cells(path)} is damaged: {error}") from error
    states = []
    for cell, size in cells:
        blocks = list(islice(counts, max(size, 0)))
        if any(blocks):
            complete = len(blocks) == size and all(number & DONE for number in blocks)
            states.append(CellState(cell, sum(number & ~DONE for number in blocks), complete))
    return states


def list_numbers(ledger: bytes) -> list[int]:
    """List the number of each block, as far as a ledger has them."""
    numbers = ledger[HEADER:]
    whole = len(numbers) // NUMBER.size * NUMBER.size
    return [number for (number,) in NUMBER.iter_unpack(numbers[:whole])]


def _name_cells(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")
