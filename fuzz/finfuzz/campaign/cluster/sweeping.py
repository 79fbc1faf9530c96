"""The sweep of a lane, split between nodes: which node runs which blocks."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from finfuzz.campaign.cluster.shard import Delivery, Space
from finfuzz.campaign.folder import StatePaths
from finfuzz.generation.sweep.ledger import DONE, Ledger
from finfuzz.generation.sweep.node_ledger import is_done, merge_numbers, read_numbers
from finfuzz.generation.sweep.share import WHOLE, read_share

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
        self._share = WHOLE
        self._free: list[tuple[bool, int]] = []
        self._owned: defaultdict[str, set[int]] = defaultdict(set)
        self._done_lately: dict[str, int] = {}
        self._finished: defaultdict[str, set[int]] = defaultdict(set)
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
        left = [block for block, number in enumerate(self._numbers) if not is_done(number)]
        self._left = len(left)
        self._queue(left)
        return True

    def assign(self, owner: str, folder: str, shares: int) -> tuple[tuple[int, int], ...]:
        """Give a shard blocks for a node's folder, with how many of their programs were run.

        ``shares``: the number of nodes that the last blocks are divided between.
        """
        wanted = max(_FEWEST, _AHEAD * self._done_lately.get(folder, 0))
        most = -(-len(self._free) // max(shares, 1))
        count = min(wanted - len(self._owned.get(folder, ())), most)
        blocks: list[int] = []
        while self._free and len(blocks) < count:
            block = abs(heapq.heappop(self._free)[1])
            if not is_done(self._numbers[block]):  # else by a node that it was taken from
                blocks.append(block)
        self._owned[owner].update(blocks)
        return tuple((block, self._numbers[block]) for block in blocks)

    def hand_over(self, shard: str, folder: str) -> None:
        """Take note of the node that has run a shard."""
        if blocks := self._owned.pop(shard, None):
            self._owned[folder] |= blocks
        if finished := self._finished.pop(shard, None):
            self._finished[folder] |= finished

    def release(self, owner: str) -> None:
        """Free the blocks of a node or a shard that is lost."""
        for block in self._owned.pop(owner, ()):
            heapq.heappush(self._free, self._rank(block))
        self._done_lately.pop(owner, None)
        self._finished.pop(owner, None)

    def take_finished(self, folder: str) -> tuple[int, ...]:
        """Take the blocks of a node that another machine has finished (`--sync`)."""
        return tuple(self._finished.pop(folder, ()))

    def look(self) -> None:
        """Look what the exchange with other machines has written: finished blocks, and our share.

        Finished blocks are taken off the nodes that have them. Raises OSError.
        """
        if self._space is None:
            return
        changed = False
        for block, number in enumerate(read_numbers(self._ledger)):
            if is_done(number) and not is_done(self._numbers[block]):
                self._numbers[block] = number
                self._left -= 1
                changed = True
                for owner, blocks in self._owned.items():
                    if block in blocks:
                        blocks.discard(block)
                        self._finished[owner].add(block)
        share = read_share(self._ledger)
        if changed or share != self._share:
            self._share = share
            free = (abs(block) for _, block in self._free)
            self._queue(block for block in free if not is_done(self._numbers[block]))

    def _queue(self, blocks: Iterable[int]) -> None:
        self._free = [self._rank(block) for block in blocks]
        heapq.heapify(self._free)

    def _rank(self, block: int) -> tuple[bool, int]:
        """Rank a free block: those of this machine's share first, then the others', the last first.

        As ``Share.list_in_order`` does.
        """
        is_others = block % self._share.of != self._share.rank
        return is_others, -block if is_others else block

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


class SweepDivisions:
    """The divisions of all lanes' sweeps."""

    def __init__(self, paths: StatePaths, lanes: int) -> None:
        self._divisions = [SweepDivision(paths.sweep(lane)) for lane in range(lanes)]

    def __getitem__(self, lane: int) -> SweepDivision:
        return self._divisions[lane]

    @property
    def complete(self) -> set[int]:
        """The lanes of which every block is done."""
        return {lane for lane, one in enumerate(self._divisions) if one.is_complete}

    def take(self, shard: str, delivery: Delivery) -> None:
        """Take a shard's answer: who has its blocks, and how far they are. Raises OSError."""
        for division in self._divisions:
            division.hand_over(shard, delivery.folder)
        for lane, blocks in delivery.blocks.items():
            self._divisions[lane].merge(delivery.folder, blocks)

    def release(self, owner: str) -> None:
        """Free the blocks of a node or a shard that is lost."""
        for division in self._divisions:
            division.release(owner)

    def look(self, announce: Callable[[str], None]) -> None:
        """Look what the exchange with other machines has written."""
        try:
            for division in self._divisions:
                division.look()
        except OSError as error:
            announce(f"can't read the ledger of a sweep: {error.strerror}")
