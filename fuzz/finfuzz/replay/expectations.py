"""Read the outcome that a program states of itself in comments:

    # expect: SIGABRT/internals-recreated on pybind11>=3.0.2+destroy
    # expect: SIGABRT/fatal-python-error on python<3.13

A program without such a comment is expected to survive on every build.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from finfuzz.program.model import Program
from finfuzz.support.errors import UserError
from finfuzz.targets.condition import Condition, parse_condition
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.diagnosis import DIAGNOSTICS
from finfuzz.triage.diagnosis.ending import UNEXPECTED_EXIT

_LINE = re.compile(r"expect: ([A-Z]+/[a-z0-9-]+) on (.+)")
_MEANT = re.compile(r"expects?\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Expectation:
    """A signal and diagnostic (`SIGABRT/internals-recreated`) and its condition.

    ``line`` is the comment as written.
    """

    outcome: str
    where: Condition
    line: str = ""

    def __str__(self) -> str:
        return self.line


def find_expected(program: Program, spec: TargetSpec, python: str) -> frozenset[str]:
    """Return the `SIGNAL/diagnostic` texts that a program states for a build; empty: survival."""
    return find_holding(read_expectations(program), spec, python)


def find_holding(
    expectations: Iterable[Expectation], spec: TargetSpec, python: str
) -> frozenset[str]:
    """Return the `SIGNAL/diagnostic` texts of the expectations that hold on a build."""
    return frozenset(each.outcome for each in expectations if each.where.holds(spec, python))


def read_expectations(program: Program) -> list[Expectation]:
    """Read a program's comments. Raise UserError for an `expect` line that has mistakes."""
    comments = [line for step in program.steps for line in (*step.above, step.beside)]
    return [_parse_line(line) for line in (*comments, *program.below) if _MEANT.match(line)]


def _parse_line(line: str) -> Expectation:
    match = _LINE.fullmatch(line)
    if match is None:
        raise UserError(f"{line!r}: write `expect: SIGNAL/diagnostic on TARGET, python<3.13`")
    if match[1].partition("/")[2] not in {*DIAGNOSTICS, UNEXPECTED_EXIT}:
        raise UserError(f"{line!r}: no diagnostic of that name, see docs/diagnostics.md")
    try:
        return Expectation(match[1], parse_condition(match[2]), line)
    except UserError as error:
        raise UserError(f"{line!r}: {error}") from None
