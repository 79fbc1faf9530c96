"""The sweep of a lane, split between nodes: which node runs which blocks."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from finfuzz.campaign.cluster.shard import Space
from finfuzz.generation.sweep.ledger import DONE, Ledger
from finfuzz.generation.sweep.node_ledger import is_done, merge_numbers, read_numbers

#: Blocks that a node has open at the least: a short one takes a tenth of a second.
_FEWEST = 16
#: And so many times what it has done since its last delivery.
_AHEAD = 3


class SweepDivision:
    """The division of one lane's sweep. An owner is a node's folder, or a shard under way.

    The campaign's ledger has what is merged, as a local campaign's has; no worker writes it.
    """

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger
        self._space: Space | None = None
        self._numbers: list[int] = []
        self._free: list[int] = []
        self._owned: defaultdict[str, set[int]] = defaultdict(set)
        self._done_lately: dict[str, int] = {}
        self._left = 0

    @property
    def is_complete(self) -> bool:
        return self._space is not None and self._left == 0

    def count_open(self, folder: str) -> int:
        """Count the blocks that a node has, or may get."""
        return len(self._free) + len(self._owned.get(folder, ()))

    def learn(self, space: Space) -> bool:
        """Begin, or go on, with the space that a node has named; False if others named another.

        Raises OSError.
        """
        if self._space is not None:
            return space == self._space
        self._space = space
        Ledger(self._ledger, space.identity, space.cells).close()
        self._numbers = read_numbers(self._ledger)
        self._free = [block for block, number in enumerate(self._numbers) if not is_done(number)]
        self._left = len(self._free)
        return True

    def assign(self, owner: str, folder: str, shares: int) -> tuple[tuple[int, int], ...]:
        """Give a shard blocks for a node's folder, with how many of their programs were run.

        ``shares``: the number of nodes that the last blocks are divided between.
        """
        wanted = max(_FEWEST, _AHEAD * self._done_lately.get(folder, 0))
        most = -(-len(self._free) // max(shares, 1))
        count = min(wanted - len(self._owned.get(folder, ())), most)
        blocks = [heapq.heappop(self._free) for _ in range(max(count, 0))]
        self._owned[owner].update(blocks)
        return tuple((block, self._numbers[block]) for block in blocks)

    def hand_over(self, shard: str, folder: str) -> None:
        """Take note of the node that has run a shard."""
        if blocks := self._owned.pop(shard, None):
            self._owned[folder] |= blocks

    def release(self, owner: str) -> None:
        """Free the blocks of a node or a shard that is lost."""
        for block in self._owned.pop(owner, ()):
            heapq.heappush(self._free, block)
        self._done_lately.pop(owner, None)

    def merge(self, folder: str, blocks: Iterable[tuple[int, int]]) -> None:
        """Merge the states of a node's blocks; a block done twice counts once. Raises OSError."""
        changed = [(block, number) for block, number in blocks if block < len(self._numbers)]
        if changed:
            merge_numbers(self._ledger, changed)
        done = 0
        for block, number in changed:
            before, self._numbers[block] = self._numbers[block], max(self._numbers[block], number)
            if number & DONE:
                self._owned[folder].discard(block)
                done += 1
                self._left -= not before & DONE
        self._done_lately[folder] = done
