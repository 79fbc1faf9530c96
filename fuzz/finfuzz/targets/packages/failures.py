"""Explain in one line why uv could not choose or install packages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from packaging.requirements import Requirement

from finfuzz.support.cpythons import SUPPORTED
from finfuzz.support.errors import UserError
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages.uv import Package, UvError, lock

_OFFLINE = re.compile(r"network was disabled|not found in the cache")
_UNREACHABLE = re.compile(
    rf"{_OFFLINE.pattern}|Failed to fetch|error sending request|Request failed"
)
_UNKNOWN = re.compile(r"([\w.-]+) was not found in the (?:package registry|provided)")
_NO_WHEEL = re.compile(r"([\w.-]+)\S* (?:has|have) no (?:usable wheels|wheels with)")
_CAUSE = re.compile(r"\s*\bcause: ")
_NOISE = re.compile(
    r"error: (?:No solution found[\w ]*:)?|,? we can conclude that your require.*\."
)
#: Characters of uv's own words in a message.
_MOST = 300


def explain(error: UvError, asked: Sequence[Requirement], interpreter: Interpreter) -> UserError:
    """Explain why packages could not be chosen, by asking for each requirement on its own."""
    try:
        return UserError(_explain(error, asked, interpreter))
    except UvError as another:  # while asking
        return UserError(_explain_other(another, join_requirements(asked), interpreter))


def explain_install(error: UvError, pins: Sequence[str], interpreter: Interpreter) -> UserError:
    """Explain why packages that were chosen could not be installed."""
    wanted = ", ".join(pins[:3]) + (", …" if len(pins) > 3 else "")
    return UserError(_explain_other(error, wanted, interpreter))


def is_exhausted(error: UvError) -> bool:
    """Whether no release meets the requirement, rather than that the index can't be reached."""
    return "No solution found" in str(error) and not _UNREACHABLE.search(str(error))


def join_requirements(asked: Sequence[Requirement]) -> str:
    """Join requirements as a message names them: `optree 0.20.0, numpy>=2`."""
    return ", ".join(str(one).replace("==", " ") for one in asked)


def _explain(error: UvError, asked: Sequence[Requirement], interpreter: Interpreter) -> str:
    if not is_exhausted(error):
        return _explain_other(error, join_requirements(asked), interpreter)
    if unknown := _UNKNOWN.search(str(error)):
        return f"there is no package {unknown[1]} on the package index: check its name"
    for requirement in asked:
        if reason := _explain_one(requirement, interpreter):
            return reason
    needed = _NO_WHEEL.search(str(error))
    if needed and needed[1] not in [one.name for one in asked]:
        return (
            f"{join_requirements(asked)} needs {needed[1]}, which has no wheel for CPython "
            f"{interpreter.text}: choose another CPython with --python, or another release"
        )
    return _explain_other(error, join_requirements(asked), interpreter)


def _explain_one(requirement: Requirement, interpreter: Interpreter) -> str:
    """Explain what is wrong with a requirement itself, its dependencies left out."""
    try:
        _choose(requirement, interpreter)
    except UvError as error:
        if not _NO_WHEEL.search(str(error)):
            return _explain_version(requirement, interpreter)
    else:
        return ""
    missing = f"{join_requirements([requirement])} has no wheel for CPython {interpreter.text}"
    if others := _list_cpythons(requirement, interpreter):
        return (
            f"{missing}, only for {', '.join(others)}: choose one of these with --python, "
            "or another release"
        )
    kind = "free-threaded one on" if interpreter.is_free_threaded else "on"
    return (
        f"{missing}, nor for any other {kind} this kind of machine: "
        "build it from source, and fuzz it from there"
    )


def _explain_version(requirement: Requirement, interpreter: Interpreter) -> str:
    newest = _choose_or_none(Requirement(requirement.name), interpreter)
    hint = f"the newest for CPython {interpreter.text} is {newest.version}" if newest else ""
    return f"there is no release {join_requirements([requirement])}: {hint or 'choose another'}"


def _list_cpythons(requirement: Requirement, interpreter: Interpreter) -> list[str]:
    """List the versions that it has a wheel for, of the same kind of build."""
    with ThreadPoolExecutor() as pool:
        found = pool.map(lambda one: _choose_or_none(requirement, interpreter, one), SUPPORTED)
        has_wheel = dict(zip(SUPPORTED, found, strict=True))
    suffix = "t" if interpreter.is_free_threaded else ""
    return ["{}.{}".format(*one) + suffix for one in SUPPORTED if has_wheel[one]]


def _choose_or_none(
    requirement: Requirement, interpreter: Interpreter, version: tuple[int, int] | None = None
) -> Package | None:
    try:
        return _choose(requirement, interpreter, version)
    except UvError as error:
        if is_exhausted(error):
            return None
        raise


def _choose(
    requirement: Requirement, interpreter: Interpreter, version: tuple[int, int] | None = None
) -> Package:
    return lock([str(requirement)], interpreter, dependencies=False, version=version)[0]


def _explain_other(error: UvError, wanted: str, interpreter: Interpreter) -> str:
    """Explain what no question helps with: a dead network, a conflict, a failed build."""
    told = _shorten(error)
    if _OFFLINE.search(str(error)):
        told = "it is not in uv's cache, and uv may not use the network (UV_OFFLINE)"
    elif _UNREACHABLE.search(str(error)):
        *_, cause = str(error).partition("\nhint:")[0].strip().splitlines()
        told = f"the package index can't be reached: {_CAUSE.sub('', cause)}"
    return f"{wanted} can't be installed for CPython {interpreter.text}: {told}"


def _shorten(error: UvError) -> str:
    """Put what uv printed in one line of bearable length, without its hints."""
    told, *_ = str(error).partition("\nhint:")
    line = _NOISE.sub("", " ".join(_CAUSE.sub(": ", told).split())).strip()
    return line if len(line) <= _MOST else line[: _MOST - 1] + "…"
