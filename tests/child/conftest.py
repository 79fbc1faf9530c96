import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter, find_interpreters
from finfuzz.targets.spec import parse_target

OWN_GIL = (3, 12)

#: Which of the CPythons found here: they differ in what they have and in how they end.
ROLES: dict[str, Callable[[list[Interpreter]], list[Interpreter]]] = {
    "newest": lambda found: found[:1],
    "oldest with isolated interpreters": lambda found: [
        python for python in found[1:] if python.version >= OWN_GIL
    ][-1:],
    "oldest": lambda found: [python for python in found if python.version < OWN_GIL][-1:],
}


@pytest.fixture(scope="session")
def pythons() -> list[Interpreter]:
    """CPythons that extensions can be compiled for, newest first."""
    return [python for python in find_interpreters() if python.include is not None]


@pytest.fixture(scope="session", params=ROLES)
def python(request: pytest.FixtureRequest, pythons: list[Interpreter]) -> Interpreter:
    """Each of up to three CPythons."""
    picked = ROLES[request.param](pythons)
    if not picked:
        pytest.skip(f"no further CPython found: the {request.param}")
    return picked[0]


@pytest.fixture(scope="session")
def plain_c(python: Interpreter) -> Build:
    return build(parse_target("plain-c"), python)


@pytest.fixture(scope="session")
def plain_c_313(pythons: list[Interpreter]) -> Build:
    """Of the CPython whose way of ending is written down here."""
    found = [python for python in pythons if python.version[:2] == (3, 13)]
    if not found:
        pytest.skip("no CPython 3.13 found")
    return build(parse_target("plain-c"), found[0])


@pytest.fixture
def fake(plain_c: Build, tmp_path: Path) -> Callable[[str], Build]:
    """Makes a build whose extension is written in Python, so that it can look around.

    The real one is linked under a name that is not imported; what `import finfuzz_target` finds
    beside it is the source given.
    """

    def make(source: str) -> Build:
        (tmp_path / "linked.so").symlink_to(plain_c.extension)
        (tmp_path / "finfuzz_target.py").write_text(source)
        return dataclasses.replace(plain_c, extension=tmp_path / "linked.so")

    return make
