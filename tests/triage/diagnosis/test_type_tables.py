"""Names out of CPython's own data, compared with the symbol tables of the CPythons found."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from finfuzz.targets.interpreters import Interpreter
from finfuzz.triage.diagnosis import functions as module
from finfuzz.triage.diagnosis.functions import Function, load_functions
from finfuzz.triage.diagnosis.symbols import Frame
from finfuzz.triage.diagnosis.telling import normalize_function, select_telling_frames
from helpers.elf_files import find_core, strip

pytestmark = pytest.mark.skipif(not shutil.which("strip"), reason="no binutils")


@pytest.fixture(params=["newest", "oldest"])
def tables(
    request: pytest.FixtureRequest,
    pythons: list[Interpreter],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> list[tuple[Function, Function]]:
    """What a stripped copy names that it does not export, next to what the symbol table says."""
    core = find_core(pythons[0 if request.param == "newest" else -1])
    known = {one.start: one for one in load_functions(str(core))._named}
    if all(one.exported for one in known.values()):
        pytest.skip(f"{core} has no symbols to compare with")
    monkeypatch.setattr(module, "find_debug_file", lambda *_: None)
    named = load_functions(str(strip(core, tmp_path / core.name)))._named
    return [(one, known[one.start]) for one in named if not one.exported]


def test_each_is_a_function_with_these_boundaries(tables: list[tuple[Function, Function]]) -> None:
    assert len(tables) > 100
    assert all(one.end == symbol.end for one, symbol in tables)


def test_each_is_what_its_symbol_says(tables: list[tuple[Function, Function]]) -> None:
    for one, symbol in tables:
        if one.name.startswith("_PyObject_"):
            assert re.sub("_Mi(?=[A-Z])", "_", symbol.name) == one.name
        else:
            assert tells_nothing(one.name), one
            assert tells_nothing(symbol.name.partition(".")[0]), symbol


def tells_nothing(function: str) -> bool:
    """Both names are plumbing, so a key is the same with and without symbols."""
    frame = Frame("libpython3.so", 1, normalize_function(function))
    return not select_telling_frames([frame], internals_gone=False)


@pytest.mark.parametrize("tables", ["newest"], indirect=True)
def test_the_allocators_are_named(tables: list[tuple[Function, Function]]) -> None:
    """Since 3.12 they are in _PyRuntime."""
    assert "_PyObject_Free" in {one.name for one, _ in tables}
