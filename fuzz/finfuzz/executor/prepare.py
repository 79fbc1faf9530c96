"""Programs prepared for the children of a build."""

from __future__ import annotations

from finfuzz.executor.limits import Limits
from finfuzz.program.model import Program
from finfuzz.program.prepared import Prepared, prepare
from finfuzz.targets.build import Build


def prepare_for(build: Build, program: Program, limits: Limits) -> Prepared:
    """Prepare a program for a child of that build."""
    python, offers = build.interpreter.version, build.offers
    return prepare(program, python, abuse=limits.abuse, offers=offers)
