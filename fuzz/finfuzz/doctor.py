"""Checks of this machine: what a campaign needs, whether it is there, and how to get it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from finfuzz.campaign.worker.libfuzzer import find_library
from finfuzz.executor.process import can_fix_addresses
from finfuzz.support.cpythons import OLDEST, format_version
from finfuzz.support.errors import UserError
from finfuzz.targets.build import require_linux
from finfuzz.targets.cache import find_cache
from finfuzz.targets.compiler import find_compiler, read_version
from finfuzz.targets.frameworks import DEFAULT
from finfuzz.targets.interpreters import find_interpreters
from finfuzz.targets.releases import list_releases


class Check(NamedTuple):
    """A need of finfuzz. ``text``: what was found; where the check failed, what to do."""

    subject: str
    passed: bool
    text: str


def examine(folders: Sequence[Path] = ()) -> list[Check]:
    """Check everything that a campaign needs; look for CPythons in these folders too."""
    finders = {**_FINDERS, "interpreters": lambda: _find_interpreters(folders)}
    return [_check(subject, find) for subject, find in finders.items()]


def _check(subject: str, find: Callable[[], str]) -> Check:
    try:
        return Check(subject, True, find())
    except UserError as error:
        return Check(subject, False, str(error))


def _find_system() -> str:
    require_linux()
    return "Linux"


def _find_compiler() -> str:
    compiler = find_compiler()
    return f"{compiler} ({read_version(compiler)})"


def _find_interpreters(folders: Sequence[Path] = ()) -> str:
    usable = [found.text for found in find_interpreters(folders) if found.includes]
    if not usable:
        raise UserError(
            f"no CPython {format_version(OLDEST)} or later with headers: install one with its "
            "development package (Debian: apt install python3-dev), or with pyenv"
        )
    return ", ".join(usable)


def _find_engine() -> str:
    path = find_library()
    if not hasattr(ctypes.CDLL(str(path)), "__sanitizer_cov_8bit_counters_init"):
        raise UserError(
            f"{path} can't register coverage counters: run `pip install 'atheris>=3.0'`"
        )
    return str(path)


def _find_releases() -> str:
    return f"newest {DEFAULT} is {list_releases()[0]}"


def _find_cache() -> str:
    return str(find_cache())


def _find_address_layout() -> str:
    if not can_fix_addresses():
        raise UserError(
            "personality(2) is forbidden here, so address layouts differ from run to run: allow it "
            "in the container (docker: --security-opt seccomp=unconfined)"
        )
    return "fixed"


_FINDERS: dict[str, Callable[[], str]] = {
    "system": _find_system,
    "compiler": _find_compiler,
    "interpreters": _find_interpreters,
    "engine": _find_engine,
    "package index": _find_releases,
    "cache": _find_cache,
    "address layout": _find_address_layout,
}
