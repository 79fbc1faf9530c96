"""List the releases of a package that a CPython can use, for bisecting."""

from __future__ import annotations

from packaging.requirements import Requirement

from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages import uv
from finfuzz.targets.packages.failures import explain, is_exhausted
from finfuzz.targets.packages.requirements import parse_requirement
from finfuzz.targets.packages.uv import Package, UvError


def list_releases(name: str, interpreter: Interpreter) -> tuple[Package, ...]:
    """List the final releases that have a wheel for a CPython, oldest first, never none.

    ``name`` may restrict them, as a requirement: `numpy>=2`. Takes a tenth of a second for each.
    Raise UserError if there is no such package or no such wheel, and if the package index can't be
    reached.
    """
    requirement = parse_requirement(name)
    found = [find_newest(requirement, interpreter)]
    while older := _find_older(requirement, found[-1], interpreter):
        found.append(older)
    return tuple(reversed(found))


def find_newest(requirement: Requirement, interpreter: Interpreter) -> Package:
    """Find the newest release that meets a requirement and has a wheel for a CPython.

    Raise UserError as ``list_releases`` does.
    """
    try:
        return _find(requirement, interpreter)
    except UvError as error:
        raise explain(error, [requirement], interpreter) from None


def _find_older(
    requirement: Requirement, release: Package, interpreter: Interpreter
) -> Package | None:
    # uv has no list of releases: ask for the newest one before each.
    older = Requirement(str(requirement))
    older.specifier &= f"<{release.version}"
    try:
        return _find(older, interpreter)
    except UvError as error:
        if is_exhausted(error):
            return None
        raise explain(error, [requirement], interpreter) from None


def _find(requirement: Requirement, interpreter: Interpreter) -> Package:
    return uv.lock([str(requirement)], interpreter, dependencies=False)[0]
