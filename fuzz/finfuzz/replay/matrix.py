"""Which builds to replay on: from the command line, or from a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from finfuzz.replay.run import Place
from finfuzz.support.errors import UserError
from finfuzz.support.toml import read_toml
from finfuzz.targets.frameworks import DEFAULT, FRAMEWORKS, POLICIES
from finfuzz.targets.interpreters import Interpreter, find_interpreters, pick_interpreter
from finfuzz.targets.releases import released_versions, resolve
from finfuzz.targets.spec import TargetSpec, parse_target


class Matrix(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a matrix file says. ``targets`` as on the command line, ``pythons`` as versions or
    paths; ``policies`` are put behind each target that has them and names none. ``programs``:
    files and folders, relative to the file."""

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
    control = FRAMEWORKS[DEFAULT].controls[-1]
    named = targets or [*(f"{DEFAULT}=={one}" for one in released_versions()), control]
    specs = [spec for text in named for spec in specs_of(text, POLICIES)]
    pythons = [python for python in find_interpreters() if python.include]
    return [Place(spec, python) for python in pythons for spec in specs]


def places(matrix: Matrix) -> list[Place]:
    """Each target on each CPython; what is not named is the newest. A CPython that is not here is
    a place with a problem. Raises UserError for a target or policy that can't be meant."""
    specs = [
        spec for text in matrix.targets or (DEFAULT,) for spec in specs_of(text, matrix.policies)
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
    unknown = [policy for policy in policies if policy not in POLICIES]
    if unknown:
        raise UserError(f"unknown policy {unknown[0]!r}: choose {', '.join(POLICIES)}")
    spec = resolve(parse_target(text))
    own = spec.record.policy_names
    wanted = [policy for policy in policies if policy in own]
    names_one = any(text.endswith(f"+{policy}") for policy in own)
    if len(own) == 1 or names_one or not wanted:
        return [spec]
    return [replace(spec, policy=policy) for policy in wanted]


def _missing(text: str) -> Interpreter:
    """Stands for a CPython that is not here, so that its column can say so."""
    numbers = [int(part) if part.isdigit() else 0 for part in [*text.split("."), "0", "0"][:3]]
    return Interpreter(Path(text), (numbers[0], numbers[1], numbers[2]), None, "", "")
