"""Checks of this machine: what a campaign needs, whether it is there, and how to get it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import NamedTuple

from finfuzz.campaign.worker.libfuzzer import find_library
from finfuzz.executor.process import can_fix_addresses
from finfuzz.support.cpythons import OLDEST, format_version
from finfuzz.support.errors import UserError
from finfuzz.targets.build import require_linux
from finfuzz.targets.cache import cache_root
from finfuzz.targets.compiler import compiler_version, find_compiler
from finfuzz.targets.frameworks import DEFAULT
from finfuzz.targets.interpreters import find_interpreters
from finfuzz.targets.releases import released_versions


class Check(NamedTuple):
    """A need of finfuzz. ``text``: what was found; where the check failed, what to do."""

    subject: str
    passed: bool
    text: str


def examine() -> list[Check]:
    """Check everything that a campaign needs."""
    return [_check(subject, find) for subject, find in _FINDERS.items()]


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
    return f"{compiler} ({compiler_version(compiler)})"


def _find_interpreters() -> str:
    usable = [found.text for found in find_interpreters() if found.include]
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
    return f"newest {DEFAULT} is {released_versions()[0]}"


def _find_cache() -> str:
    return str(cache_root())


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
