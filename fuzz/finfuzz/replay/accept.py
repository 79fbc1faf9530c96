"""Writes what was seen into programs, as their expectation: lines that were wrong go, what no line
says gets one.

A line says as much as was seen and no more, but for its ends: what holds from some release or
CPython up to the newest that was run is taken to hold for newer ones, and so downwards. Targets of
two releases are left out: conditions can't tell them from their first one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from packaging.version import Version

from finfuzz.program.text import parse
from finfuzz.replay.expectations import Expectation, expectations
from finfuzz.support.files import write_whole
from finfuzz.targets.spec import TargetSpec


class SeenCell(NamedTuple):
    """A build of a released framework, as conditions speak of it: its CPython as `3.13`."""

    framework: str
    version: str
    policy: str
    python: str


Seen = Mapping[tuple[TargetSpec, str], frozenset[str]]


def accept(path: Path, seen: Seen) -> bool:
    """Rewrites a program's `expect` lines by what it did on each (target, CPython); whether that
    changed anything. Raises UserError where its lines can't be read."""
    seen = {place: whats for place, whats in seen.items() if place[0].second is None}
    text = path.read_text(encoding="utf-8")
    said = expectations(parse(text))
    right = [one for one in said if _is_right(one, seen)]
    new = _lines(seen, right)
    wrong = [one for one in said if one not in right]
    if not new and not wrong:
        return False
    write_whole(path, _edited(text, wrong, new))
    return True


def _is_right(line: Expectation, seen: Seen) -> bool:
    held = [what for (spec, python), what in seen.items() if line.where.holds(spec, python)]
    return all(line.what in what for what in held)


def _lines(seen: Seen, right: Sequence[Expectation]) -> list[str]:
    """Lines for what is not said by those that are right."""
    cells = {_cell(spec, python): what for (spec, python), what in seen.items() if spec.version}
    said: dict[SeenCell, set[str]] = {}
    for spec, python in seen:
        if spec.version:
            held = {one.what for one in right if one.where.holds(spec, python)}
            said[_cell(spec, python)] = held
    found = []
    for what in sorted(set().union(*cells.values())):
        has = {cell for cell, whats in cells.items() if what in whats}
        lacks = {cell for cell in has if what not in said[cell]}
        found += [f"expect: {what} on {where}" for where in _conditions(cells, has, lacks)]
    return found


def _conditions(
    every: Iterable[SeenCell], has: set[SeenCell], lacks: set[SeenCell]
) -> Iterator[str]:
    """Conditions that hold on all that lack a line, and on nothing but what has it."""
    versions = sorted({cell.version for cell in every}, key=Version)
    pythons = sorted({cell.python for cell in every}, key=Version)
    for framework, policy in sorted({(cell.framework, cell.policy) for cell in lacks}):
        runs: dict[tuple[int, int], list[int]] = {}
        for number, python in enumerate(pythons):
            there = [SeenCell(framework, version, policy, python) for version in versions]
            for first, last in _runs([cell in has for cell in there]):
                if any(cell in lacks for cell in there[first : last + 1]):
                    runs.setdefault((first, last), []).append(number)
        for (first, last), numbers in runs.items():
            # There may be releases between the last that has it and the next that was run.
            below = f"<={versions[last]}" if last < len(versions) - 1 else ""
            where = f"{framework}{_range(versions, first, below)}+{policy}"
            for begin, end in _consecutive(numbers):
                # `<=3.12` would leave 3.12.1 out, and between 3.12 and 3.13 there is nothing.
                below = f"<{pythons[end + 1]}" if end < len(pythons) - 1 else ""
                held = _range(pythons, begin, below)
                yield where + (f", python{held}" if held else "")


def _range(items: Sequence[str], first: int, below: str) -> str:
    """`>=3.0.2,<=3.0.4`: from the first of these on, open where that is the beginning."""
    return ",".join(filter(None, (f">={items[first]}" if first else "", below)))


def _runs(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """First and last index of each run of true ones."""
    return _consecutive([index for index, flag in enumerate(flags) if flag])


def _consecutive(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    pairs = itertools.groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])
    for _, group in pairs:
        run = [number for _, number in group]
        yield run[0], run[-1]


def _cell(spec: TargetSpec, python: str) -> SeenCell:
    return SeenCell(
        spec.framework, spec.version or "", spec.policy, ".".join(python.split(".")[:2])
    )


def _edited(text: str, wrong: Iterable[Expectation], new: Sequence[str]) -> str:
    """The text without the wrong lines, and with new ones above the first step."""
    lines = text.split("\n")
    gone = {str(one) for one in wrong}
    kept = [line for line in lines if _as_line(line) not in gone]
    steps = (
        number
        for number, line in enumerate(kept)
        if line.split("#")[0].strip() and line.split()[0] != "finfuzz"
    )
    at = next(steps, len(kept) - 1)
    return "\n".join([*kept[:at], *(f"# {line}" for line in new), *kept[at:]])


def _as_line(line: str) -> str:
    return line.strip().removeprefix("#").strip()
