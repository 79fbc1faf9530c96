"""Real builds, as few as will do: a pybind11 one takes 15 s to compile where the cache has none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from finfuzz.executor.zygote import Executor
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target

#: Dies on the end of an interpreter that holds a self-containing container elsewhere.
DESTROY = "pybind11==3.1.0+destroy"


@pytest.fixture(scope="session")
def destroy(pythons: list[Interpreter]) -> Build:
    return build(parse_target(DESTROY), pythons[0])


@pytest.fixture(scope="session")
def plain_c(pythons: list[Interpreter]) -> Build:
    return build(parse_target("plain-c"), pythons[0])


@pytest.fixture(scope="session")
def executor(destroy: Build) -> Iterator[Executor]:
    with Executor(destroy) as made:
        yield made
