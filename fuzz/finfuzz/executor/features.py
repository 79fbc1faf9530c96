"""Features: the counters that a program made more than zero.

libFuzzer can tell eight classes of a counter's value apart as well (`-use_counters`). Here that
rewards programs for doing the same more often: they grow, and find less (docs/speed.md).
"""

from __future__ import annotations

import re

_FEATURE = bytes(number > 0 for number in range(256))
_NOT_ZERO = re.compile(rb"[^\0]")


def as_bits(counters: bytes) -> int:
    """A byte for each counter, 1 where it is a feature."""
    return int.from_bytes(counters.translate(_FEATURE), "little")


def as_numbers(counters: bytes) -> frozenset[int]:
    """The indices of the counters that are features."""
    return frozenset(match.start() for match in _NOT_ZERO.finditer(counters))


def differing(one: bytes, other: bytes) -> frozenset[int]:
    """The indices of the counters that are features in one of the two alone."""
    both = (as_bits(one) ^ as_bits(other)).to_bytes(len(one), "little")
    return as_numbers(both)
