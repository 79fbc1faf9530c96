"""Each known defect of CPython is recognized where it occurs, with and without local symbols."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.text import parse
from finfuzz.support.cpythons import Quirk, has
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.diagnosis import Diagnosis, diagnose
from finfuzz.triage.diagnosis import functions as module
from finfuzz.triage.findings.known import find_known, load_shipped
from helpers.elf_files import strip_modules
from helpers.places import CORPUS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("strip"), reason="no binutils"),
]

#: Some of the programs need luck.
RUNS = 5
#: A machine under load is no hang.
PATIENCE = Limits(deadline=6, abuse=True)
PYBIND11 = "pybind11==3.1.0"

#: On a stripped CPython nothing tells the creation of a static type's subclass from that of others,
#: the end of an ImportError from that of another object, or one function that appends to a list.
NEEDS_SYMBOLS = {
    Quirk.ATEXIT_REGISTERED_TOO_LATE,
    Quirk.CTYPES_CRASHES_IN_A_SECOND_LIFE,
    Quirk.INIT_RAISES_IN_A_SUBINTERPRETER,
    Quirk.JOIN_AT_THE_END_HANGS,
    Quirk.STATIC_TYPES_SHARE_SUBCLASSES,
}

PROGRAMS = {
    Quirk.LEFT_SUBINTERPRETER_ABORTS: ("plain-c", "subinterpreter-left"),
    Quirk.RETURNING_THREAD_IS_UNWOUND: (PYBIND11, "daemon-thread-comes-back"),
    Quirk.ATEXIT_REGISTERED_TOO_LATE: ("plain-c", "atexit-in-the-last-collection"),
    Quirk.JOIN_AT_THE_END_HANGS: ("plain-c", "thread-joined-in-del"),
    Quirk.THREAD_LOCAL_IN_A_CALLBACK: ("plain-c", "node a thread-local\nhook a weakref collect\n"),
    Quirk.LEFT_SUBINTERPRETER_HANGS: (
        "plain-c",
        "start i legacy\nenter i\nnode a list\nroot a joined-thread\n",
    ),
    Quirk.CTYPES_CRASHES_IN_A_SECOND_LIFE: ("plain-c", "ctypes-callback-in-two-lives"),
    Quirk.THREADING_EXIT_RAISES: ("plain-c", "threading-exit-raises"),
    Quirk.INIT_RAISES_IN_A_SUBINTERPRETER: (
        "plain-c+failing-init",
        "failing-init-in-a-subinterpreter",
    ),
    Quirk.SHARED_OBJECTS_OUTLIVE_AN_INTERPRETER: (
        "plain-c+single-phase",
        "single-phase-objects-outlive-an-interpreter",
    ),
    Quirk.STATIC_TYPES_SHARE_SUBCLASSES: (
        "plain-c+static-types",
        "static-type-and-two-allocators",
    ),
    Quirk.GIL_STATE_HANGS_IN_A_SUBINTERPRETER: (PYBIND11, "gil-taken-in-a-subinterpreter"),
}
#: Other crashes of the same defects.
ALSO = ((Quirk.RETURNING_THREAD_IS_UNWOUND, PYBIND11, "native-thread-comes-back"),)
CASES = [*((quirk, *one) for quirk, one in PROGRAMS.items()), *ALSO]


def test_each_quirk_of_the_list_has_a_program() -> None:
    words = {entry.quirk for entry in load_shipped() if entry.quirk}
    assert words == {quirk.word for quirk in PROGRAMS}


def read_program(text: str) -> str:
    path = CORPUS / f"{text}.fin"
    return f"finfuzz 1\n{text}" if "\n" in text else path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("quirk", "target", "text"), CASES)
def test_a_defect_is_known_where_it_occurs(
    quirk: Quirk,
    target: str,
    text: str,
    pythons: list[Interpreter],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = parse(read_program(text))
    affected = [python for python in pythons if has(python.version, quirk)]
    if not affected:
        pytest.skip("no CPython found has it")
    recognized = 0
    for python in affected:
        built = build(parse_target(target), python)
        for _ in range(RUNS):
            outcome = run_fresh(built, program, PATIENCE)
            if outcome.died:
                break
        found = diagnose(outcome, PATIENCE.memory_mib)
        with monkeypatch.context() as patch:
            patch.setattr(module, "find_debug_file", lambda *_: None)
            bare = diagnose(strip_modules(outcome, tmp_path / python.text), PATIENCE.memory_mib)

        if quirk in NEEDS_SYMBOLS and found == bare:
            continue  # this CPython is stripped already

        def recognize(one: Diagnosis, python: Interpreter = python) -> str:
            entry = find_known(one, parse_target(target), python.text)
            return entry.quirk if entry else str(one)

        assert set(map(recognize, found)) <= {quirk.word}, python.name
        if not (python.is_debug or quirk in NEEDS_SYMBOLS):  # no distribution strips a debug build
            assert set(map(recognize, bare)) <= {quirk.word}, f"{python.name}, stripped"
        recognized += bool(found)
    assert recognized
