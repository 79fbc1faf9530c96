"""Function boundaries that no strip removes, on the files of this machine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from finfuzz.targets.interpreters import Interpreter
from finfuzz.triage.diagnosis.functions import load_functions
from finfuzz.triage.diagnosis.unwind_table import UnwindTable, read_unwind_table


def read(path: Path) -> UnwindTable | None:
    with path.open("rb") as file:
        return read_unwind_table(ELFFile(file))


def test_each_cpython_has_the_boundaries_of_its_symbol_table(pythons: list[Interpreter]) -> None:
    """A symbol may lack its size; then there is nothing to compare."""
    for python in pythons:
        path = Path(python.executable).resolve()
        table = read(path)
        assert table
        for one in load_functions(str(path))._named:
            bounds = table.find(one.start)
            assert bounds in (None, (one.start, one.end)) or one.end == one.start + 1, one


def test_outside_of_the_code_is_no_function() -> None:
    table = read(Path(sys.executable).resolve())
    assert table
    assert [table.find(address) for address in (0, 1, 2**63)] == [None, None, None]


@pytest.mark.parametrize("damage", [b"", b"\0" * 400])
def test_entries_in_an_unknown_encoding_bound_nothing(damage: bytes) -> None:
    assert UnwindTable([0x1000], [0x2000], damage, 0x2000, "<").find(0x1000) is None
