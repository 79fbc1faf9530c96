"""Stacks for readers: plumbing is one line."""

from __future__ import annotations

import pytest

from finfuzz.report.stack import fold_stack
from finfuzz.triage.findings.finding import StackFrame


def stack(*frames: str) -> list[StackFrame]:
    """Make frames of `module function`; `-` for no name."""
    parts = (frame.partition(" ") for frame in frames)
    return [StackFrame(module, 16, name.replace("-", "")) for module, _, name in parts]


TARGET, PYTHON = "finfuzz_target.so", "libpython3.13.so.1.0"


@pytest.mark.parametrize(
    ("frames", "lines"),
    [
        pytest.param(
            ["libc.so.6 -", "libc.so.6 raise", "libc.so.6 abort", "libstdc++.so.6 __cxa_throw",
             f"{TARGET} pybind11::module_::import(char const*)", f"{TARGET} finfuzz::Act::run(int)",
             f"{PYTHON} list_dealloc", f"{PYTHON} _Py_Dealloc", f"{PYTHON} Py_FinalizeEx",
             f"{PYTHON} Py_RunMain", "python3.13 main"],
            ["#0-#3 4 plumbing frames: raise, abort, __cxa_throw", "#4 pybind11::module_::import",
             "#5-#7 3 plumbing frames: finfuzz::Act::run, list_dealloc, _Py_Dealloc",
             "#8 Py_FinalizeEx", "#9-#10 2 plumbing frames: Py_RunMain, main"],
            id="an abort",
        ),
        pytest.param(
            [f"{PYTHON} _PyObject_GC_UNTRACK", f"{PYTHON} type_dealloc", f"{PYTHON} PyModule_Add"],
            ["#0 _PyObject_GC_UNTRACK", "#1 type_dealloc", "#2 PyModule_Add"],
            id="the innermost frames show where it crashed",
        ),
        pytest.param(
            [f"{TARGET} pybind11::cast(int)", f"{PYTHON} list_dealloc", f"{PYTHON} PyModule_Add"],
            ["#0 pybind11::cast", "#1 list_dealloc", "#2 PyModule_Add"],
            id="one frame is no shorter when folded",
        ),
        pytest.param(["libc.so.6 -"], ["#0 ?"], id="no name"),
        pytest.param([], [], id="no stack"),
    ],
)  # fmt: skip
def test_folding(frames: list[str], lines: list[str]) -> None:
    assert [f"{line.number} {line.text}" for line in fold_stack(stack(*frames))] == lines


def test_a_place_is_a_source_or_a_file() -> None:
    frames = [StackFrame("a.so", 16, "f", "src/a.c:3"), StackFrame("a.so", 16, "g", inlined=True)]
    assert [(line.text, line.place) for line in fold_stack(frames)] == [
        ("f", "src/a.c:3"),
        ("g (inlined)", "a.so+0x10"),
    ]
