import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target

OWN_GIL = (3, 12)

#: Selections of the CPythons found here: they differ in their features and in finalization.
ROLES: dict[str, Callable[[list[Interpreter]], list[Interpreter]]] = {
    "newest": lambda found: found[:1],
    "oldest with isolated interpreters": lambda found: [
        python for python in found[1:] if python.version >= OWN_GIL
    ][-1:],
    "oldest": lambda found: [python for python in found if python.version < OWN_GIL][-1:],
}


@pytest.fixture(scope="session", params=ROLES)
def python(request: pytest.FixtureRequest, pythons: list[Interpreter]) -> Interpreter:
    """Up to three CPythons, one at a time."""
    picked = ROLES[request.param](pythons)
    if not picked:
        pytest.skip(f"no further CPython found: the {request.param}")
    return picked[0]


@pytest.fixture(scope="session")
def plain_c(python: Interpreter) -> Build:
    return build(parse_target("plain-c"), python)


@pytest.fixture(scope="session")
def plain_c_313(pythons: list[Interpreter]) -> Build:
    """The control on 3.13, whose finalization tests describe event by event."""
    found = [python for python in pythons if python.version[:2] == (3, 13)]
    if not found:
        pytest.skip("no CPython 3.13 found")
    return build(parse_target("plain-c"), found[0])


@pytest.fixture
def fake(plain_c: Build, tmp_path: Path) -> Callable[[str], Build]:
    """Return a function that makes a build whose extension is Python code, so that it can inspect.

    The real extension is linked under a name that is not imported. `import finfuzz_target` finds
    the given source next to it.
    """

    def make(source: str) -> Build:
        (tmp_path / "linked.so").symlink_to(plain_c.extension)
        (tmp_path / "finfuzz_target.py").write_text(source)
        return dataclasses.replace(plain_c, extension=tmp_path / "linked.so")

    return make
