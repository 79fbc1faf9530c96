"""The table of known defects: for each a bad build, a key that proves it and its program."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import msgspec

from finfuzz.program.model import Program, Step
from finfuzz.program.text import parse
from finfuzz.program.words import Choice
from finfuzz.support.errors import UserError
from finfuzz.triage.diagnosis import DIAGNOSTICS, Diagnosis

FOLDER = Path(__file__).parent


class BadBuild(NamedTuple):
    """A build that has the defect: a target and the first two numbers of a CPython."""

    target: str
    python: str

    def __str__(self) -> str:
        return f"{self.target} on {self.python}"


class Defect(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One row of ``defects.toml``; the head of that file explains the fields."""

    name: str
    title: str
    link: str
    owner: str
    target: str
    python: str
    diagnostics: tuple[str, ...]
    good: str = ""
    good_python: str = ""
    detail: str = ""
    frame: str = ""
    without: tuple[str, ...] = ()

    @property
    def bad(self) -> BadBuild:
        return BadBuild(self.target, self.python)

    @property
    def fixed(self) -> BadBuild | None:
        """A build without the defect, if there is one."""
        if not (self.good or self.good_python):
            return None
        return BadBuild(self.good or self.target, self.good_python or self.python)

    @cached_property
    def program(self) -> Program:
        path = FOLDER / "programs" / f"{self.name}.fin"
        return parse(path.read_text(encoding="utf-8"))

    @cached_property
    def ingredients(self) -> frozenset[str]:
        """The operations and words of its program. Any program with all of them reaches it."""
        return collect_ingredients(self.program.steps)

    def is_shown_by(self, program: Program, found: Iterable[Diagnosis]) -> bool:
        """Return whether a program's diagnoses prove the defect."""
        if not collect_ingredients(program.steps).isdisjoint(self.without):
            return False
        return any(self._matches(one) for one in found)

    def _matches(self, found: Diagnosis) -> bool:
        frames = ("", *found.frames, *found.stack, *found.route)
        return (
            found.diagnostic in self.diagnostics
            and re.match(self.detail, found.detail) is not None
            and any(re.search(self.frame, one) for one in frames)
        )


def collect_ingredients(steps: Iterable[Step]) -> frozenset[str]:
    """Collect the operations of steps, and their words."""
    found = set()
    for step in steps:
        found.add(step.op)
        for _, parameter, argument in step.typed():
            if isinstance(parameter, Choice):
                found.add(argument)
    return frozenset(found)


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    defect: tuple[Defect, ...]


def load(path: Path = FOLDER / "defects.toml") -> tuple[Defect, ...]:
    """Load the table. Raises UserError where a row is invalid."""
    try:
        rows = msgspec.toml.decode(path.read_bytes(), type=_Table).defect
    except (OSError, msgspec.DecodeError) as error:
        raise UserError(f"{path} can't be read: {error}: correct it") from None
    for row in rows:
        if unknown := set(row.diagnostics) - set(DIAGNOSTICS):
            raise UserError(f"{path}, {row.name}: no diagnostic {min(unknown)!r}")
        if not row.diagnostics:
            raise UserError(f"{path}, {row.name}: has no key: add diagnostics")
    return rows
