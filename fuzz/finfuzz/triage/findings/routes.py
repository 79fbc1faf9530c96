"""Routes: the different ways to one defect, counted and the first of them kept, not filed."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from finfuzz.program.model import Program
from finfuzz.program.text import parse

#: Kept of one bucket. What a reader wants is that there are many, and a few of them.
MOST = 32


class Route(msgspec.Struct):
    """``by``: who met the defect, innermost first; ``roots``: the places that the program keeps
    objects alive at. ``program``: the first that came this way."""

    by: tuple[str, ...]
    roots: tuple[str, ...]
    sightings: int
    program: str

    def __str__(self) -> str:
        return f"{' < '.join(self.by) or 'no frames'}, from {', '.join(self.roots) or 'no root'}"


class Way(NamedTuple):
    """Of a program, what makes its route. ``roots``: those that it speaks of, sorted."""

    roots: tuple[str, ...]
    program: str


def roots_of(program: Program) -> tuple[str, ...]:
    """The roots that a program speaks of, sorted."""
    return tuple(sorted({step.args[1] for step in program.steps if step.op == "root"}))


def way_of(text: str) -> Way:
    """That of a program's text."""
    return Way(roots_of(parse(text)), text)


def add(routes: list[Route], new: Route) -> None:
    """Counts a route. Beyond MOST those that are not there already are dropped."""
    for route in routes:
        if (route.by, route.roots) == (new.by, new.roots):
            route.sightings += new.sightings
            route.program = min(route.program, new.program, key=len)
            return
    if len(routes) < MOST:
        routes.append(new)
