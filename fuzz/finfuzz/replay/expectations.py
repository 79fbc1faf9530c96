"""What a corpus program says of itself: comments such as

    # expect: SIGABRT/internals-recreated on pybind11>=3.0.2+destroy
    # expect: SIGABRT/fatal-python-error on python<3.13

A program that says nothing is expected to survive wherever it is run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from finfuzz.program.model import Program
from finfuzz.support.errors import UserError
from finfuzz.targets.condition import Condition, parse_condition
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.diagnosis import DIAGNOSTICS

_LINE = re.compile(r"expect: ([A-Z]+/[a-z0-9-]+) on (.+)")
_MEANT = re.compile(r"expects?\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Expectation:
    """``what``: a signal and a diagnostic, `SIGABRT/internals-recreated`; then where. ``line``: as
    it is written."""

    what: str
    where: Condition
    line: str = ""

    def __str__(self) -> str:
        return self.line


def expected(program: Program, spec: TargetSpec, python: str) -> frozenset[str]:
    """What is to be seen there, each as `SIGNAL/diagnostic`; empty: it survives."""
    found = expectations(program)
    return frozenset(each.what for each in found if each.where.holds(spec, python))


def expectations(program: Program) -> list[Expectation]:
    """Reads a program's comments. Raises UserError for one that can't be understood."""
    comments = [line for step in program.steps for line in (*step.above, step.beside)]
    return [_read(line) for line in (*comments, *program.below) if _MEANT.match(line)]


def _read(line: str) -> Expectation:
    match = _LINE.fullmatch(line)
    if match is None:
        raise UserError(f"{line!r}: write `expect: SIGNAL/diagnostic on TARGET, python<3.13`")
    if match[1].partition("/")[2] not in DIAGNOSTICS:
        raise UserError(f"{line!r}: no diagnostic of that name, see docs/diagnostics.md")
    try:
        return Expectation(match[1], parse_condition(match[2]), line)
    except UserError as error:
        raise UserError(f"{line!r}: {error}") from None
