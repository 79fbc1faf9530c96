"""The share of a sweep that one of several machines runs first.

A share is a preference, and never a hole: when a machine's own blocks are finished, it runs all
others that nobody has finished. So a block may be run twice, and none is left out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.support.reading import read_bounded


class Share(NamedTuple):
    """The blocks that a machine runs first: each ``of``-th, from the ``rank``-th on."""

    rank: int
    of: int

    def list_in_order(self, first: int, blocks: int) -> Iterator[int]:
        """List the blocks of the share from ``first`` on, then those of other machines.

        Those go forwards themselves, so their blocks come backwards, the last first.
        """
        yield from range(first, blocks, self.of)
        yield from (block for block in reversed(range(blocks)) if block % self.of != self.rank)


WHOLE = Share(0, 1)


def write_share(ledger: Path, share: Share) -> None:
    """Tell the workers of a ledger their machine's share. Raises OSError."""
    path = _name_share(ledger)
    if read_share(ledger) != share:
        write_whole(path, f"{share.rank} {share.of}")


def read_share(ledger: Path) -> Share:
    """Read a machine's share; all of it where none is written."""
    with contextlib.suppress(UserError, ValueError):
        rank, of = map(int, read_bounded(_name_share(ledger), 64, "a share").split())
        if 0 <= rank < of:
            return Share(rank, of)
    return WHOLE


def _name_share(ledger: Path) -> Path:
    return ledger.with_name(f"{ledger.name}.share")
