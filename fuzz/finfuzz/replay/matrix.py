"""Choose the builds to replay on, from the command line or a matrix file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from finfuzz.replay.run import PlannedBuild
from finfuzz.support.errors import UserError
from finfuzz.support.toml import read_toml
from finfuzz.targets.frameworks import DEFAULT, FRAMEWORKS, POLICIES
from finfuzz.targets.interpreters import Interpreter, find_interpreters
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import list_releases, resolve
from finfuzz.targets.spec import TargetSpec, parse_target


class Matrix(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of a matrix file; every key may be missing.

    ``targets`` are written as on the command line, ``pythons`` are versions or paths. Each of
    ``policies`` applies to every target that has this policy and names none. ``programs`` are files
    and folders, relative to the matrix file.
    """

    targets: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()


def read_matrix(path: Path) -> Matrix:
    """Read a matrix file. Raise UserError, with the nearest known key for an unknown one."""
    return read_toml(path, Matrix, "matrix", Matrix.__struct_fields__)


def plan_all_builds(targets: Sequence[str] = ()) -> list[PlannedBuild]:
    """Combine every CPython found, every policy and these targets.

    Without targets: every release of the default framework, and its control as it is without a
    style. Raise UserError for a target that does not exist.
    """
    named = targets or [f"{DEFAULT}=={one}" for one in list_releases()]
    specs = [spec for text in named for spec in expand_policies(text, POLICIES)]
    if not targets:
        specs.append(TargetSpec(FRAMEWORKS[DEFAULT].controls[-1]))
    pythons = [python for python in find_interpreters() if python.includes]
    return [PlannedBuild(spec, python) for python in pythons for spec in specs]


def plan_builds(matrix: Matrix) -> list[PlannedBuild]:
    """Combine each target with each CPython; by default the newest of both.

    A CPython that is not installed gives a build with a problem. Raise UserError for a target or
    policy that does not exist.
    """
    specs = [
        spec
        for text in matrix.targets or (DEFAULT,)
        for spec in expand_policies(text, matrix.policies)
    ]
    pythons = [plan_python(text) for text in matrix.pythons or (None,)]
    return [PlannedBuild(spec, *python) for python in pythons for spec in specs]


def plan_python(text: str | None) -> tuple[Interpreter, str]:
    """Pick a CPython. Without it, return a stand-in and the problem."""
    try:
        return pick_interpreter(text), ""
    except UserError as error:
        return _make_stand_in(str(text)), str(error)


def expand_policies(text: str, policies: Sequence[str]) -> list[TargetSpec]:
    """Give a target each policy that it has, unless its text names one. Raise UserError."""
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


def _make_stand_in(text: str) -> Interpreter:
    """Stand in for a CPython that is not installed, so that its column can show the problem."""
    return Interpreter(Path(text), (0, 0, 0), (), "", "", text)
