import functools
import os
from pathlib import Path

import pytest

from finfuzz.targets import package_index
from finfuzz.targets.interpreters import Interpreter


@pytest.fixture(scope="session")
def interpreter(pythons: list[Interpreter]) -> Interpreter:
    """The newest CPython with a GIL: what an import does there is no different in others."""
    return next(one for one in pythons if not one.abiflags)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of this test's own."""
    root = tmp_path / "cache"
    monkeypatch.setenv("FINFUZZ_CACHE", str(root))
    return root


@pytest.fixture
def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip runs as ever but reaches no package index."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    unasked = functools.cache(package_index.list_versions.__wrapped__)
    monkeypatch.setattr(package_index, "list_versions", unasked)
