"""Say what a script needs of its Python, in words and as code that checks it first of all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from finfuzz.support.cpythons import Quirk, Version, format_version

#: The type of the C API that CPython's older headers lack.
IN_CAPI = "PyInterpreterConfig"
#: Diagnostics that only a debug build of CPython makes; other builds show nothing.
_OF_DEBUG = frozenset(
    {"assertion-failure", "negative-refcount", "gc-invariant", "inconsistent-object"}
)
#: What scripts use, a module or a type of the C API, by the feature that brought it.
_SINCE = {
    IN_CAPI: Quirk.FROM_CONFIG,
    "_interpreters": Quirk.INTERPRETERS_MODULE,
    "concurrent.interpreters as interpreters": Quirk.CONCURRENT_INTERPRETERS,
}
#: A module that this feature replaced.
_UNTIL = {"_xxsubinterpreters as _interpreters": Quirk.INTERPRETERS_MODULE}


class Need(NamedTuple):
    """``lacks``: the condition under which a Python lacks it; ``noun``: in words."""

    lacks: str
    noun: str


def list_needs(abiflags: str, diagnostic: str, uses: Iterable[str]) -> list[Need]:
    """List what a script can't do without.

    ``abiflags``: of the CPython that it was found on; ``uses``: the modules that the script
    imports, and IN_CAPI where its C++ has that.
    """
    needs = []
    if "t" in abiflags:
        needs.append(Need('"t" not in sys.abiflags', "a free-threaded CPython"))
    if "d" in abiflags and diagnostic in _OF_DEBUG:
        needs.append(Need('"d" not in sys.abiflags', "a debug build of CPython"))
    used = set(uses)
    since = [quirk.value.since for name, quirk in _SINCE.items() if name in used]
    if since:
        needs.append(_need_version("<", max(since), "or later"))
    until = [quirk.value.since for name, quirk in _UNTIL.items() if name in used]
    if until:
        needs.append(_need_version(">=", min(until), "or earlier"))
    return needs


def describe_needs(needs: Iterable[Need]) -> str:
    """Join the nouns: `a debug build of CPython, and CPython 3.13 or later`."""
    return ", and ".join(need.noun for need in needs)


def write_checks(needs: Iterable[Need], python: str) -> str:
    """Write the statements that end a script by one line. ``python``: the command to run it by."""
    lines = [
        f'if {need.lacks}:\n    sys.exit("this script needs {need.noun}: run it by {python}")\n'
        for need in needs
    ]
    return "".join(["import sys\n\n", *lines, "\n"]) if lines else ""


def _need_version(lacks: str, version: Version, side: str) -> Need:
    last = version if lacks == "<" else (version[0], version[1] - 1)
    numbers = ", ".join(map(str, version))
    return Need(f"sys.version_info {lacks} ({numbers})", f"CPython {format_version(last)} {side}")
