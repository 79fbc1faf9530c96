import pytest

from finfuzz.targets.interpreters import Interpreter


@pytest.fixture(scope="session")
def interpreter(pythons: list[Interpreter]) -> Interpreter:
    """The newest CPython with a GIL: what an import does there is no different in others."""
    return next(one for one in pythons if not one.abiflags)
