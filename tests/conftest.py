"""What every test finds."""

import signal

import pytest

import helpers.programs  # noqa: F401  what `st.from_type(Program)` is
from finfuzz.targets.interpreters import Interpreter, find_interpreters

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
