"""The table of known defects: a bad build, the key that proves it, the program that triggers it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import msgspec

from finfuzz.executor.outcome import Outcome
from finfuzz.program.model import Program, Step
from finfuzz.program.text import parse
from finfuzz.program.words import Choice
from finfuzz.support.errors import UserError
from finfuzz.triage.diagnosis import DIAGNOSTICS, Diagnosis

FOLDER = Path(__file__).parent


class Bad(NamedTuple):
    """A build that has the defect: a target and the first two numbers of a CPython."""

    target: str
    python: str

    def __str__(self) -> str:
        return f"{self.target} on {self.python}"


class Defect(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One row; see the head of ``defects.toml``."""

    name: str
    title: str
    link: str
    owner: str
    target: str
    python: str
    good: str = ""
    good_python: str = ""
    diagnostics: tuple[str, ...] = ()
    detail: str = ""
    frame: str = ""
    said: str = ""

    @property
    def bad(self) -> Bad:
        return Bad(self.target, self.python)

    @property
    def mended(self) -> Bad | None:
        """A build without it, where there is one."""
        if not (self.good or self.good_python):
            return None
        return Bad(self.good or self.target, self.good_python or self.python)

    @cached_property
    def program(self) -> Program:
        path = FOLDER / "programs" / f"{self.name}.fin"
        return parse(path.read_text(encoding="utf-8"))

    @cached_property
    def ingredients(self) -> frozenset[str]:
        """The operations and words of its program: who has run them all in one has reached it."""
        return ingredients(self.program.steps)

    def is_shown_by(self, outcome: Outcome, found: Sequence[Diagnosis]) -> bool:
        """Whether an outcome, and what it was diagnosed as, proves it."""
        if self.said and not re.search(self.said, outcome.stderr, re.MULTILINE):
            return False
        return not self.diagnostics or any(self._matches(one) for one in found)

    def _matches(self, found: Diagnosis) -> bool:
        named = ("", *found.frames, *found.stack, *found.route)
        return (
            found.diagnostic in self.diagnostics
            and re.match(self.detail, found.detail) is not None
            and any(re.search(self.frame, one) for one in named)
        )


def ingredients(steps: Iterable[Step]) -> frozenset[str]:
    """The operations of steps, and their words."""
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
    """Raises UserError for a table that can't be meant."""
    try:
        rows = msgspec.toml.decode(path.read_bytes(), type=_Table).defect
    except (OSError, msgspec.DecodeError) as error:
        raise UserError(f"{path} can't be read: {error}: correct it") from None
    for row in rows:
        if unknown := set(row.diagnostics) - set(DIAGNOSTICS):
            raise UserError(f"{path}, {row.name}: no diagnostic {min(unknown)!r}")
        if not (row.diagnostics or row.said):
            raise UserError(f"{path}, {row.name}: nothing that proves it: add diagnostics or said")
    return rows
