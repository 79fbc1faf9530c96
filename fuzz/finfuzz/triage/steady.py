"""A program that fails by its defect, and not by an accident of this CPython's heap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.shared_memory import PROGRAM_BYTES
from finfuzz.program.model import Program
from finfuzz.program.scope import effective
from finfuzz.program.text import to_text
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import find_interpreters
from finfuzz.triage.confirm import find_same
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.minimize.repeated import repeat_lives

#: Other CPythons that are asked; building a target for one takes up to 15 s.
_OTHERS = 2
_RUNS = 3


def prefer_steady(
    program: Program,
    made: Build,
    diagnosis: Diagnosis,
    limits: Limits,
    announce: Callable[[str], None],
) -> Program:
    """Return the repeated form of a program where only that fails on other CPythons too.

    The program itself is returned where it has no lives that could be repeated, where it fails on
    the others, and where its repeated form fails on them no better: then they lack the defect.
    """
    forms = [form for form in repeat_lives(program) if _fits(form)]
    if not forms:
        return program

    def count(form: Program, on: Build) -> int:
        return sum(_fails(form, on, diagnosis, limits) for _ in range(_RUNS))

    others = list(islice(_build_others(made, program, limits, announce), _OTHERS))
    doubtful = [other for other in others if count(program, other) < _RUNS]
    for form in forms if doubtful else ():
        if all(count(form, on) == _RUNS for on in (made, *doubtful)):
            return form
    return program


def _fits(form: Program) -> bool:
    """Whether a child takes a program of that length."""
    return len(to_text(form).encode()) < PROGRAM_BYTES


def _fails(program: Program, on: Build, diagnosis: Diagnosis, limits: Limits) -> bool:
    outcome = run_fresh(on, program, limits.patient)
    return find_same(on, program, outcome, diagnosis, limits) is not None


def _build_others(
    made: Build, program: Program, limits: Limits, announce: Callable[[str], None]
) -> Iterator[Build]:
    """Build for CPythons on which the program means the same, of its own branch first.

    For none where the target is a module of one environment: no other CPython can import it.
    """
    own = made.interpreter
    if made.spec.framework == "module":
        return
    meant = effective(program, own.version, abuse=limits.abuse, offers=made.offers)
    for other in sorted(find_interpreters(), key=lambda one: one.version[:2] != own.version[:2]):
        if not (other.includes and other.differs_in_version(own)):
            continue
        if effective(program, other.version, abuse=limits.abuse, offers=made.offers) == meant:
            try:
                yield build(made.spec, other, announce=announce)
            except UserError as error:  # this release doesn't support that CPython, say
                announce(f"not run on CPython {other.text}: {str(error).splitlines()[0]}")
