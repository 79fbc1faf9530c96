"""Count things in a sentence."""

from __future__ import annotations


def count_things(number: int, noun: str) -> str:
    """Write a number with its noun: `1 finding`, `0 findings`, `1,234 findings`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
