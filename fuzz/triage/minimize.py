"""Fewer steps, same bucket.

Any step can be left out and the rest still runs, so this is plain delta debugging: runs of steps
are tried from half the program down to single ones, until no single step can go.
"""

from __future__ import annotations

from collections.abc import Callable

from fuzz.program.model import Program
from fuzz.program.scope import effective


def minimize(program: Program, same: Callable[[Program], bool]) -> Program:
    """The smallest program found for which ``same`` holds. ``same(program)`` must hold already."""
    smaller = effective(program)
    if len(smaller) < len(program) and same(smaller):
        program = smaller
    size = max(len(program) // 2, 1)
    while True:
        shorter = _without_some(program, size, same)
        if shorter is not None:
            program = shorter
        elif size > 1:
            size //= 2
        else:
            return program


def _without_some(program: Program, size: int, same: Callable[[Program], bool]) -> Program | None:
    """Without the last run of ``size`` steps that can go; late steps depend on early ones."""
    for stop in range(len(program), 0, -1):
        start = max(stop - size, 0)
        candidate = Program(program.steps[:start] + program.steps[stop:], program.below)
        if same(candidate):
            return candidate
    return None
