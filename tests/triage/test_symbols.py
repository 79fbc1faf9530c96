"""Names for program counters, out of the files of this machine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fuzz.executor.outcome import Outcome, RawFrame
from fuzz.executor.zygote import Executor
from fuzz.triage.symbols import Frame, named

GUARDED = "finfuzz 1\nnode a container\nedge a a append\nroot a codec\n"


@pytest.fixture(scope="module")
def death(executor: Executor) -> Outcome:
    return executor.run(GUARDED)


def test_the_stack_of_a_death_has_names(death: Outcome) -> None:
    frames = [named(frame) for frame in death.frames]
    functions = [frame.function for frame in frames]
    assert {"abort", "std::terminate()", "__cxa_throw"} <= set(functions)
    # Calls that never come back: their return addresses lie behind the functions they are in.
    assert functions[functions.index("__cxa_throw") + 1] == "pybind11::pybind11_fail(char const*)"
    assert any(name.startswith("(anonymous namespace)::container_") for name in functions)
    assert functions[-1] == "_start"


def test_frames_lie_in_files_that_are_there(death: Outcome) -> None:
    assert all(Path(frame.module).is_file() for frame in death.frames)


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"\x7fELF" + b"\0" * 60, b"#!/bin/sh\n" * 9])
def test_what_is_no_elf_file_has_no_names(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "module.so"
    path.write_bytes(content)
    assert named(RawFrame(str(path), 0x40)) == Frame(str(path), 0x40, "")


@pytest.mark.parametrize("module", ["", "/no/such/file", "/", "[vdso]", "/memfd:x (deleted)"])
def test_what_can_not_be_read_has_no_names(module: str) -> None:
    assert named(RawFrame(module, 0x1234)) == Frame(module, 0x1234, "")


@pytest.mark.parametrize("offset", [0, 1, 2**40])
def test_no_function_lies_outside_of_the_code(offset: int) -> None:
    python = str(Path(sys.executable).resolve())
    assert named(RawFrame(python, offset)).function == ""


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (Frame("/lib/libc.so.6", 0x26472, "abort"), "libc.so.6+0x26472  abort"),
        (Frame("/lib/libc.so.6", 0x26472, ""), "libc.so.6+0x26472"),
        (Frame("", 0x7FFF0000, ""), "?+0x7fff0000"),
        (Frame("a.so", 1, "f(int)"), "a.so+0x1  f(int)"),
    ],
)
def test_a_frame_reads(frame: Frame, text: str) -> None:
    assert str(frame) == text
