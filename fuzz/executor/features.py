"""Features, as libFuzzer counts them: a counter in one of eight classes of its value."""

from __future__ import annotations

import re

#: libFuzzer's classes of an 8-bit counter (1, 2, 3, 4-7, 8-15, 16-31, 32-127, more), a bit each.
_CLASS = bytes(
    0 if n == 0 else 1 << min((n - 1), 2) if n < 4 else 8 << sum(n >= m for m in (8, 16, 32, 128))
    for n in range(256)
)
_NOT_ZERO = re.compile(rb"[^\0]")


def as_bits(counters: bytes) -> int:
    """A bit for each feature that counters have: eight a counter."""
    return int.from_bytes(counters.translate(_CLASS), "little")


def as_numbers(counters: bytes) -> frozenset[int]:
    """The same as numbers: eight times the counter's index, and its class."""
    classes = counters.translate(_CLASS)
    return frozenset(
        8 * match.start() + classes[match.start()].bit_length() - 1
        for match in _NOT_ZERO.finditer(classes)
    )


def differing(one: bytes, other: bytes) -> frozenset[int]:
    """The indices of the counters that are in different classes."""
    both = as_bits(one) ^ as_bits(other)
    differs = both.to_bytes(len(one), "little")
    return frozenset(match.start() for match in _NOT_ZERO.finditer(differs))
