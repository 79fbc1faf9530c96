"""Read where a program shows the report that its comment cites:

    # shows: pybind11==3.0.1, not pybind11==3.0.2, on 3.12
    # shows: SIGSEGV/none on nanobind==2.12.0, not nanobind==2.13.0, on 3.13
    # shows: raises on pybind11==3.0.0, not pybind11==3.0.1, on 3.13

A release with the defect, one without, and the CPython's version. Without a diagnosis or `raises`,
anything counts that goes wrong on the one release and not on the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from finfuzz.executor.outcome import Outcome
from finfuzz.program.model import Program
from finfuzz.support.errors import UserError
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.diagnosis import DIAGNOSTICS, diagnose

#: What goes wrong where a step raises an exception.
RAISES = "raises"
_LINE = re.compile(
    r"shows: (?:(?P<what>[A-Z]+/[a-z0-9-]+|raises) on )?(?P<bad>\S+?)"
    r"(?:, not (?P<good>\S+?))?, on (?P<python>\d+\.\d+)"
)
_MEANT = re.compile(r"shows?\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shown:
    """A line: ``bad`` and ``good`` are targets, ``what`` is a diagnosis, `raises`, or empty.

    ``good``: None where no release is known to be good. ``python``: as `3.12`.
    """

    bad: TargetSpec
    good: TargetSpec | None
    python: str
    what: str = ""

    def is_shown(self, bad: frozenset[str], good: frozenset[str]) -> bool:
        """Whether that went wrong on the bad release alone. Both: as ``list_wrong`` lists it."""
        only = bad - good
        return self.what in only if self.what else bool(only)


def read_shown(program: Program) -> list[Shown]:
    """Read a program's comments. Raise UserError for a `shows` line that has mistakes."""
    comments = [line for step in program.steps for line in (*step.above, step.beside)]
    return [_parse_line(line) for line in (*comments, *program.below) if _MEANT.match(line)]


def list_wrong(outcome: Outcome, memory_mib: int) -> frozenset[str]:
    """List what went wrong in a run: diagnoses, as `SIGSEGV/none`, and whether a step raised."""
    found = {str(one) for one in diagnose(outcome, memory_mib)}
    return frozenset(found | {RAISES} if outcome.took[2] else found)


def _parse_line(line: str) -> Shown:
    match = _LINE.fullmatch(line)
    if match is None:
        raise UserError(f"{line!r}: write `shows: TARGET==BAD, not TARGET==GOOD, on 3.13`")
    what = match["what"] or ""
    if what and what != RAISES and what.partition("/")[2] not in DIAGNOSTICS:
        raise UserError(f"{line!r}: no diagnostic of that name, see docs/diagnostics.md")
    try:
        good = parse_target(match["good"]) if match["good"] else None
        return Shown(parse_target(match["bad"]), good, match["python"], what)
    except UserError as error:
        raise UserError(f"{line!r}: {error}") from None
