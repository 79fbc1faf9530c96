from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages.install import install
from helpers.wheel_index import WheelIndex


@pytest.fixture
def index(cache: Path, monkeypatch: pytest.MonkeyPatch) -> WheelIndex:
    """A package index without a release, and an empty cache."""
    return WheelIndex(cache.parent, monkeypatch)


@pytest.fixture
def real_pythons(pythons: list[Interpreter], cache: Path) -> list[Interpreter]:
    """CPython 3.13.0 and the newest 3.14, those found, and an empty cache.

    Skip the test without them, or where the package index can't be reached.
    """
    builds = [one for one in pythons if not one.abiflags]
    newest = [one for one in builds if one.version[:2] == (3, 14)]
    found = [*(one for one in builds if one.text == "3.13.0"), *newest[:1]]
    if not found:
        pytest.skip("neither CPython 3.13.0 nor 3.14 found")
    if reason := _miss_index(found[0]):
        pytest.skip(f"{reason} (cache: {cache})")
    return found


@functools.cache
def _miss_index(interpreter: Interpreter) -> str:
    if "UV_OFFLINE" in os.environ:
        return "uv may not use the network"
    try:
        install(("markupsafe",), interpreter)
    except UserError as error:
        if "the package index can't be reached" not in str(error):
            raise
        return str(error)
    return ""
