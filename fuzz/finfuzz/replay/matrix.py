"""Which builds to replay on: from the command line, or from a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from finfuzz.replay.run import Place
from finfuzz.support.errors import UserError
from finfuzz.support.toml import read_toml
from finfuzz.targets.frameworks.pybind11 import released_versions, resolve
from finfuzz.targets.interpreters import Interpreter, find_interpreters, pick_interpreter
from finfuzz.targets.spec import PYBIND11, Policy, TargetSpec, parse_target


class Matrix(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a matrix file says. ``targets`` as on the command line, ``pythons`` as versions or
    paths; ``policies`` are put behind each pybind11 target that names none. ``programs``: files and
    folders, relative to the file."""

    targets: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()


def read(path: Path) -> Matrix:
    """Raises UserError, with the nearest known key for one that is unknown."""
    return read_toml(path, Matrix, "matrix", Matrix.__struct_fields__)


def everything(targets: Sequence[str] = ()) -> list[Place]:
    """Every CPython found × every policy × these targets; where none is named, every release and
    the control. Raises UserError."""
    named = targets or [*(f"{PYBIND11}=={one}" for one in released_versions()), "plain-c"]
    specs = [spec for text in named for spec in specs_of(text, tuple(Policy))]
    pythons = [python for python in find_interpreters() if python.include]
    return [Place(spec, python) for python in pythons for spec in specs]


def places(matrix: Matrix) -> list[Place]:
    """Each target on each CPython; what is not named is the newest. A CPython that is not here is
    a place with a problem. Raises UserError for a target or policy that can't be meant."""
    specs = [
        spec for text in matrix.targets or (PYBIND11,) for spec in specs_of(text, matrix.policies)
    ]
    found: list[Place] = []
    for text in matrix.pythons or (None,):
        try:
            python, problem = pick_interpreter(text), ""
        except UserError as error:
            python, problem = _missing(str(text)), str(error)
        found += [Place(spec, python, problem) for spec in specs]
    return found


def specs_of(text: str, policies: Sequence[str]) -> list[TargetSpec]:
    """A target with each policy, or as it is where it names one. Raises UserError."""
    unknown = [policy for policy in policies if policy not in list(Policy)]
    if unknown:
        raise UserError(f"unknown policy {unknown[0]!r}: choose {', '.join(Policy)}")
    spec = resolve(parse_target(text))
    names_one = any(text.endswith(f"+{policy}") for policy in Policy)
    if spec.framework != PYBIND11 or names_one or not policies:
        return [spec]
    return [replace(spec, policy=Policy(policy)) for policy in policies]


def _missing(text: str) -> Interpreter:
    """Stands for a CPython that is not here, so that its column can say so."""
    numbers = [int(part) if part.isdigit() else 0 for part in [*text.split("."), "0", "0"][:3]]
    return Interpreter(Path(text), (numbers[0], numbers[1], numbers[2]), None, "", "")
