"""Censuses: the driver writes a line on standard error for each step that found something."""

from __future__ import annotations

import re

_LINE = re.compile(r"^finfuzz: step (\d+) counts (.+)$", re.MULTILINE)
_COUNT = re.compile(r"([\w.<>]+) (\d+)")


def find_censuses(stderr: str) -> dict[int, dict[str, int]]:
    """Find, by the number of the step, types of the extension and their references not seen.

    Steps that found none are absent. Standard error that was cut may lack some.
    """
    if "finfuzz: " not in stderr:
        return {}
    return {int(number): _read(text) for number, text in _LINE.findall(stderr)}


def _read(text: str) -> dict[str, int]:
    """Read `Box 1, Cell 2`; types of one name, of two extensions, count together."""
    found: dict[str, int] = {}
    for name, count in _COUNT.findall(text):
        found[name] = found.get(name, 0) + int(count)
    return found
