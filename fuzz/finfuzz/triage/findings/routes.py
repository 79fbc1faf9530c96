"""Routes: the different paths to one defect. All are counted, the first few kept, none filed."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from finfuzz.program.model import Program
from finfuzz.program.text import parse

#: Routes kept per bucket. A reader wants to know that there are many, and to see a few.
MOST = 32


class Route(msgspec.Struct):
    """A path to a defect. ``by``: the functions that ran into the defect, innermost first.

    ``roots``: the places that the program keeps objects alive at. ``program``: the shortest one
    seen on this route.
    """

    by: tuple[str, ...]
    roots: tuple[str, ...]
    sightings: int
    program: str

    def __str__(self) -> str:
        return f"{' < '.join(self.by) or 'no frames'}, from {', '.join(self.roots) or 'no root'}"


class RouteStart(NamedTuple):
    """The program's share of a route. ``roots``: those that the program names, sorted."""

    roots: tuple[str, ...]
    program: str


def collect_roots(program: Program) -> tuple[str, ...]:
    """Collect the roots that a program names, sorted."""
    return tuple(sorted({step.args[1] for step in program.steps if step.op == "root"}))


def read_start(text: str) -> RouteStart:
    """Read a route's start off a program's text."""
    return RouteStart(collect_roots(parse(text)), text)


def add(routes: list[Route], new: Route) -> None:
    """Count a route. When MOST routes are kept, further new ones are dropped."""
    for route in routes:
        if (route.by, route.roots) == (new.by, new.roots):
            route.sightings += new.sightings
            route.program = min(route.program, new.program, key=len)
            return
    if len(routes) < MOST:
        routes.append(new)
