"""Count things in a sentence."""

from __future__ import annotations


def count(number: int, singular: str, plural: str = "") -> str:
    """Write a number and its noun: `1 edge`, `2 edges`, `1,234 crashes`."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"
