"""Features: the counters that a program made greater than zero.

libFuzzer can also distinguish eight classes of a counter's value (`-use_counters`). Here that
rewards programs for repeating themselves: they grow, and find less (docs/speed.md).
"""

from __future__ import annotations

import re

_FEATURE = bytes(number > 0 for number in range(256))
_NOT_ZERO = re.compile(rb"[^\0]")


def as_bits(counters: bytes) -> int:
    """Return a number with a byte for each counter, 1 where the counter is a feature."""
    return int.from_bytes(counters.translate(_FEATURE), "little")


def as_numbers(counters: bytes) -> frozenset[int]:
    """Return the indices of the counters that are features."""
    return frozenset(match.start() for match in _NOT_ZERO.finditer(counters))


def find_differing(one: bytes, other: bytes) -> frozenset[int]:
    """Return the indices of the counters that are features in only one of the two."""
    both = (as_bits(one) ^ as_bits(other)).to_bytes(len(one), "little")
    return as_numbers(both)
