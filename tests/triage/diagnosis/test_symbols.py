"""Names for program counters, out of the files of this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from finfuzz.executor.frames import RawFrame
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse
from finfuzz.triage.diagnosis import symbols
from finfuzz.triage.diagnosis.symbols import Frame, name_frame, name_stack
from helpers.elf_files import list_functions

Expand = Callable[[Sequence[RawFrame]], list[Frame]]

GUARDED = "finfuzz 1\nnode a container\nedge a a append\nroot a codec\n"


@pytest.fixture(scope="module")
def death(executor: Executor) -> Outcome:
    return executor.run(parse(GUARDED))


@pytest.mark.parametrize("expand", [name_stack, lambda frames: [name_frame(one) for one in frames]])
def test_the_stack_of_a_death_has_names(death: Outcome, expand: Expand) -> None:
    functions = [frame.function for frame in expand(death.frames)]
    assert {"abort", "std::terminate()", "__cxa_throw"} <= set(functions)
    # Calls that never come back: their return addresses lie behind the functions they are in.
    assert functions[functions.index("__cxa_throw") + 1] == "pybind11::pybind11_fail(char const*)"
    assert any(name.startswith("(anonymous namespace)::container_") for name in functions)
    assert functions[-1] == "_start"


def test_a_stack_with_what_was_inlined_has_each_frame_in_its_order(death: Outcome) -> None:
    frames = [frame for frame in name_stack(death.frames) if not frame.inlined]
    assert [RawFrame(frame.module, frame.offset) for frame in frames] == list(death.frames)


def test_a_signal_may_stop_at_the_first_instruction_of_a_function() -> None:
    """The stack is full, say. A return address there is that of a call at the end of another."""
    python = str(Path(sys.executable).resolve())
    start, name = next((one.start, one.name) for one in list_functions(python) if one.exported)
    handler = [RawFrame("/b/finfuzz_runtime.so", 1), RawFrame("/lib/libc.so.6", 1)]
    stopped = RawFrame(python, start)
    assert name_stack([*handler, stopped])[-1].function == symbols._demangle(name)
    assert name_stack([stopped])[-1].function != symbols._demangle(name)
    assert name_stack([handler[0], stopped])[-1].function != symbols._demangle(name)


def test_frames_lie_in_files_that_are_there(death: Outcome) -> None:
    assert all(Path(frame.module).is_file() for frame in death.frames)


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"\x7fELF" + b"\0" * 60, b"#!/bin/sh\n" * 9])
def test_what_is_no_elf_file_has_no_names(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "module.so"
    path.write_bytes(content)
    assert name_frame(RawFrame(str(path), 0x40)) == Frame(str(path), 0x40, "")
    assert name_stack([RawFrame(str(path), 0x40)]) == [Frame(str(path), 0x40, "")]


@pytest.mark.parametrize("module", ["", "/no/such/file", "/", "[vdso]", "/memfd:x (deleted)"])
def test_what_can_not_be_read_has_no_names(module: str) -> None:
    assert name_frame(RawFrame(module, 0x1234)) == Frame(module, 0x1234, "")
    assert name_stack([RawFrame(module, 0x1234)]) == [Frame(module, 0x1234, "")]


@pytest.mark.parametrize("offset", [0, 1, 2**40])
def test_no_function_lies_outside_of_the_code(offset: int) -> None:
    python = str(Path(sys.executable).resolve())
    assert name_frame(RawFrame(python, offset)).function == ""


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (Frame("/lib/libc.so.6", 0x26472, "abort"), "libc.so.6+0x26472  abort"),
        (Frame("/lib/libc.so.6", 0x26472, ""), "libc.so.6+0x26472"),
        (Frame("", 0x7FFF0000, ""), "?+0x7fff0000"),
        (Frame("a.so", 1, "f(int)"), "a.so+0x1  f(int)"),
        # the last folder of a source tells which of several it is
        (Frame("a.so", 1, "f", "/b/c/Objects/d.c:5"), "a.so+0x1  f  Objects/d.c:5"),
        (Frame("a.so", 1, "f", "d.c:5", True), "a.so+0x1  f  d.c:5  inlined"),
        # a stripped file has no name for it
        (Frame("a.so", 9, "", local_start=4), "a.so+0x9  in the function at +0x4"),
        (Frame("a.so", 9, "f", local_start=4), "a.so+0x9  f"),
    ],
)
def test_a_frame_reads(frame: Frame, text: str) -> None:
    assert str(frame) == text
