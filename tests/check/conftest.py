from collections.abc import Callable
from pathlib import Path

import pytest

from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter, find_interpreters
from finfuzz.targets.spec import TargetSpec

Make = Callable[..., Build]


@pytest.fixture(scope="session")
def interpreter() -> Interpreter:
    """The newest CPython with a GIL that a target can be built for."""
    found = find_interpreters()
    return next(one for one in found if not one.abiflags and one.includes)


@pytest.fixture
def make(tmp_path: Path, interpreter: Interpreter) -> Make:
    """A function that writes a module in Python, and perhaps a recipe, and builds the target."""

    def make_build(module: str, recipe: str = "") -> Build:
        (tmp_path / "mine.py").write_text(module)
        file = tmp_path / "mine.toml" if recipe else None
        if file:
            file.write_text(recipe)
        spec = TargetSpec("module", path=tmp_path, package="mine", recipe=file)
        return build(spec, interpreter)

    return make_build
