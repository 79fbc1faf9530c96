"""What every test finds."""

import signal

import pytest

import helpers.programs  # noqa: F401  what `st.from_type(Program)` is
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter, find_interpreters
from finfuzz.targets.spec import TargetSpec
from helpers.dying import FOR_CAMPAIGNS, write_module

# A shell's `&` has it ignored, and what is started with that by a test could not be interrupted.
signal.signal(signal.SIGINT, signal.default_int_handler)

#: Folders whose files take longest, each on one core: they come first (`make test`).
_LONGEST = ("tests/campaign/", "tests/triage/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave no core alone with a long file at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONGEST))


@pytest.fixture(scope="session")
def pythons() -> list[Interpreter]:
    """Every CPython found that can be built for, newest first."""
    return [found for found in find_interpreters() if found.includes]


@pytest.fixture(scope="session")
def dying(pythons: list[Interpreter], tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A package with a defect that campaigns find at once, and whose script compiles nothing.

    A script on pybind11 takes 8 s to compile: only tests of pybind11 itself can do with that.
    """
    folder = tmp_path_factory.mktemp("dying")
    python = next(one for one in pythons if one.includes)
    write_module(folder, python, FOR_CAMPAIGNS)
    spec = TargetSpec("module", path=folder, package="dying", recipe=folder / "dying.toml")
    return build(spec, python)
