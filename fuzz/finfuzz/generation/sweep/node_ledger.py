"""A sweep that is split between machines: each has a ledger in which the others' blocks are shut.

Blocks are merged by the larger number: the more programs of a block were run, the larger it is,
and a block that is done has the largest. So it does not matter how often, and in which order.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from finfuzz.generation.sweep.ledger import DONE, ELSEWHERE, HEADER, NUMBER, Ledger, list_numbers


class NodeLedger:
    """The blocks of a sweep that this machine runs. Raises OSError."""

    def __init__(self, path: Path, space: str, cells: Sequence[tuple[str, int]]) -> None:
        """Begin a ledger in which all blocks are shut."""
        path.unlink(missing_ok=True)
        Ledger(path, space, cells).close()
        blocks = sum(count for _, count in cells)
        self._path = path
        self._reported: dict[int, int] = {}
        with path.open("r+b") as file:
            file.seek(HEADER)
            file.write(NUMBER.pack(ELSEWHERE) * blocks)

    def add(self, blocks: Iterable[tuple[int, int]]) -> None:
        """Open blocks, of each of which so many programs were run elsewhere."""
        with self._path.open("r+b", buffering=0) as file:
            for block, run in blocks:
                if block not in self._reported:
                    self._reported[block] = run
                    os.pwrite(file.fileno(), NUMBER.pack(run), HEADER + block * NUMBER.size)

    def shut(self, blocks: Iterable[int]) -> None:
        """Shut blocks that are finished elsewhere; one that a worker runs here is left to it."""
        known = [block for block in blocks if block in self._reported]
        if not known:
            return
        with self._path.open("r+b", buffering=0) as file:
            for block in known:
                place = HEADER + block * NUMBER.size
                with contextlib.suppress(BlockingIOError):
                    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, NUMBER.size, place)
                    os.pwrite(file.fileno(), NUMBER.pack(ELSEWHERE), place)
                    fcntl.lockf(file, fcntl.LOCK_UN, NUMBER.size, place)
                    del self._reported[block]

    def take_changes(self) -> tuple[tuple[int, int], ...]:
        """List the own blocks whose number has changed since the last call, with the number."""
        numbers = read_numbers(self._path)
        changed = [
            (block, numbers[block])
            for block, before in self._reported.items()
            if numbers[block] != before
        ]
        self._reported.update(changed)
        return tuple(changed)


def read_numbers(path: Path) -> list[int]:
    """Read the number of each block of a ledger."""
    return list_numbers(path.read_bytes())


def merge_numbers(path: Path, blocks: Iterable[tuple[int, int]]) -> None:
    """Raise the numbers of blocks in a ledger that no worker here writes. Raises OSError."""
    with path.open("r+b", buffering=0) as file:
        for block, number in blocks:
            place = HEADER + block * NUMBER.size
            (before,) = NUMBER.unpack(os.pread(file.fileno(), NUMBER.size, place))
            if number > before:
                os.pwrite(file.fileno(), NUMBER.pack(number), place)


def is_done(number: int) -> bool:
    """Whether all programs of a block with this number were run."""
    return bool(number & DONE)
