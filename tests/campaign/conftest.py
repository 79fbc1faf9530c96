"""Real builds, and real campaigns to watch."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from helpers.campaigns import DESTROY, Start, campaigns_in


@pytest.fixture(scope="session")
def destroy(pythons: list[Interpreter]) -> Build:
    return build(parse_target(DESTROY), pythons[0])


@pytest.fixture(scope="session")
def destroy_for_scripts(pythons: list[Interpreter]) -> Build:
    """What a campaign compiles when it files its first finding: here before it starts."""
    return build(parse_target(DESTROY), pythons[0], instrumented=False)


@pytest.fixture(scope="session")
def plain_c(pythons: list[Interpreter]) -> Build:
    return build(parse_target("plain-c"), pythons[0])


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts campaigns, each in a folder of its own below this test's; ends them in any case."""
    with campaigns_in(tmp_path) as start_one:
        yield start_one


@pytest.fixture
def kept_signals() -> Iterator[None]:
    """Puts back what a Loop does to SIGTERM."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)
