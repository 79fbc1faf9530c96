"""The interpreters that the commands' tests run on."""

from __future__ import annotations

import pytest

from finfuzz.targets.interpreters import Interpreter, find_interpreters


@pytest.fixture(scope="session")
def pythons() -> list[Interpreter]:
    return find_interpreters()


@pytest.fixture(scope="session")
def python(pythons: list[Interpreter]) -> str:
    """The path of the newest one with headers; a path spares the command its search."""
    return str(next(found.executable for found in pythons if found.includes))
