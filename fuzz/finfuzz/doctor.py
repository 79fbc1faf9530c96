"""What this machine lacks, and how to get it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import NamedTuple

from finfuzz.campaign.worker.libfuzzer import library
from finfuzz.executor.process import can_fix_addresses
from finfuzz.support.errors import UserError
from finfuzz.targets.build import require_linux
from finfuzz.targets.cache import cache_root
from finfuzz.targets.compiler import compiler_version, find_compiler
from finfuzz.targets.frameworks import DEFAULT
from finfuzz.targets.interpreters import find_interpreters
from finfuzz.targets.releases import released_versions


class Check(NamedTuple):
    """``text``: what was found, or what to do."""

    subject: str
    fine: bool
    text: str


def examine() -> list[Check]:
    """Looks at everything that a campaign needs."""
    return [_check(subject, examiner) for subject, examiner in _EXAMINERS.items()]


def _check(subject: str, examiner: Callable[[], str]) -> Check:
    try:
        return Check(subject, True, examiner())
    except UserError as error:
        return Check(subject, False, str(error))


def _system() -> str:
    require_linux()
    return "Linux"


def _compiler() -> str:
    compiler = find_compiler()
    return f"{compiler} ({compiler_version(compiler)})"


def _interpreters() -> str:
    usable = [found.text for found in find_interpreters() if found.include]
    if not usable:
        raise UserError(
            "no CPython 3.9 or later with headers: install one with its development package "
            "(Debian: apt install python3-dev), or with pyenv"
        )
    return ", ".join(usable)


def _engine() -> str:
    path = library()
    if not hasattr(ctypes.CDLL(str(path)), "__sanitizer_cov_8bit_counters_init"):
        raise UserError(f"{path} has no counters to register: pip install 'atheris>=3.0'")
    return str(path)


def _releases() -> str:
    return f"newest {DEFAULT} is {released_versions()[0]}"


def _addresses() -> str:
    if not can_fix_addresses():
        raise UserError(
            "personality(2) is forbidden here, so address layouts differ from run to run: allow it "
            "in the container (docker: --security-opt seccomp=unconfined)"
        )
    return "fixed"


_EXAMINERS: dict[str, Callable[[], str]] = {
    "system": _system,
    "compiler": _compiler,
    "interpreters": _interpreters,
    "engine": _engine,
    "package index": _releases,
    "cache": lambda: str(cache_root()),
    "address layout": _addresses,
}
