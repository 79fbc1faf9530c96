"""What of a sweep was run, block by block, as its ledger has it."""

from __future__ import annotations

import struct
from pathlib import Path


def read_blocks(ledger: Path) -> list[tuple[int, bool]]:
    """Read how many programs of each block were run, and whether that is all of it."""
    if not ledger.exists():
        return []
    data = ledger.read_bytes()[32:]
    return [(n & ~(1 << 31), bool(n >> 31)) for (n,) in struct.iter_unpack("<I", data)]
