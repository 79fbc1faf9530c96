from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages.install import install
from helpers.wheel_index import WheelIndex


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of this test's own."""
    root = tmp_path / "cache"
    monkeypatch.setenv("FINFUZZ_CACHE", str(root))
    return root


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WheelIndex:
    """A package index without a release."""
    return WheelIndex(tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def python(pythons: list[Interpreter]) -> Interpreter:
    """The newest release build with a GIL."""
    return next(one for one in pythons if not one.abiflags)


@pytest.fixture
def real_pythons(pythons: list[Interpreter]) -> list[Interpreter]:
    """CPython 3.13.0 and the newest 3.14, those found; skip without them or without the index."""
    builds = [one for one in pythons if not one.abiflags]
    newest = [one for one in builds if one.version[:2] == (3, 14)]
    found = [*(one for one in builds if one.text == "3.13.0"), *newest[:1]]
    if not found:
        pytest.skip("neither CPython 3.13.0 nor 3.14 found")
    if reason := _miss_index(found[0]):
        pytest.skip(reason)
    return found


@functools.cache
def _miss_index(python: Interpreter) -> str:
    if "UV_OFFLINE" in os.environ:
        return "uv may not use the network"
    try:
        install(("markupsafe",), python)
    except UserError as error:
        if "the package index can't be reached" not in str(error):
            raise
        return str(error)
    return ""
