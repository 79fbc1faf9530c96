"""Instrumentation of a CPython, recognized by its symbols: here, of tiny executables."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import pytest

from finfuzz.executor.limits import Limits
from finfuzz.targets.compiler import find_compiler
from finfuzz.targets.instrumentation import (
    Instrumentation,
    make_variables,
    read_instrumentation,
)
from finfuzz.targets.interpreters import Interpreter
from helpers.places import CHILD

PROGRAM = "int main(int count, char** words) { return words[count] ? 1 : count << 1; }\n"
#: A callback of somebody else's.
CALLBACK = 'extern "C" void __sanitizer_cov_trace_pc() {}\n'


def compile_one(folder: Path, *flags: str, more: str = "") -> Instrumentation:
    """Compile the program with these flags and link it as CPython links itself."""
    (folder / "program.cpp").write_text(PROGRAM)
    (folder / "more.cpp").write_text(more)
    compiler = str(find_compiler())
    trace = ["-x", "c", "-c", str(CHILD / "instrumented/trace.c"), "-o", "trace.o"]
    linked = ["trace.o"] if "-fsanitize-coverage=trace-pc" in flags and not more else []
    for command in (
        [compiler, *trace],
        [compiler, "-c", "more.cpp"],
        [compiler, *flags, "-c", "program.cpp"],
        [compiler, *flags, "program.o", "more.o", *linked, "-rdynamic", "-o", "program"],
    ):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"this compiler can't: {done.stderr.strip()}")
    return read_instrumentation(folder / "program")


def test_coverage_with_finfuzz_s_callback(tmp_path: Path) -> None:
    assert compile_one(tmp_path, "-fsanitize-coverage=trace-pc") == Instrumentation(
        has_trace=True, has_callback=True
    )


def test_coverage_with_another_callback(tmp_path: Path) -> None:
    found = compile_one(tmp_path, "-fsanitize-coverage=trace-pc", more=CALLBACK)
    assert found == Instrumentation(has_trace=False, has_callback=True)
    assert "no features" in found.text


@pytest.mark.parametrize(
    ("flags", "names", "variables"),
    [
        ((), [], set()),
        (("-fsanitize=address",), ["AddressSanitizer"], {"ASAN_OPTIONS"}),
        (("-fsanitize=thread",), ["ThreadSanitizer"], {"TSAN_OPTIONS"}),
        (("-fsanitize=undefined",), ["UndefinedBehaviorSanitizer"], {"UBSAN_OPTIONS"}),
        (
            ("-fsanitize=address,undefined",),
            ["AddressSanitizer", "UndefinedBehaviorSanitizer"],
            {"ASAN_OPTIONS", "UBSAN_OPTIONS"},
        ),
    ],
)
def test_sanitizers(
    tmp_path: Path, flags: tuple[str, ...], names: list[str], variables: set[str]
) -> None:
    assert [one.name for one in compile_one(tmp_path, *flags).sanitizers] == names
    python = make_interpreter(tmp_path / "program")
    made = make_variables(python)
    assert made.keys() == variables | ({"PYTHONMALLOC"} if names else set())
    for variable in variables:
        assert "abort_on_error=1" in made[variable].split(":")
    # A free-threaded CPython has one allocator, and does not start with another.
    assert make_variables(dataclasses.replace(python, abiflags="t")).keys() == variables


def make_interpreter(executable: Path) -> Interpreter:
    return Interpreter(executable, (3, 13, 0), (), ".so", "key", "3.13.0")


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\x7fELF"])
def test_a_file_that_is_no_executable_has_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "python").write_bytes(content)
    assert read_instrumentation(tmp_path / "python") == Instrumentation()
    assert read_instrumentation(tmp_path / "nothing") == Instrumentation()


def test_limits_of_a_sanitized_cpython(tmp_path: Path) -> None:
    limits = Limits(deadline=2.0, memory_mib=512)
    assert limits.fit(Instrumentation()) == limits
    undefined = limits.fit(compile_one(tmp_path, "-fsanitize=undefined"))
    assert (undefined.deadline, undefined.memory_mib) == (4.0, 512)
    # Its shadow memory is larger than any limit of the address space.
    address = limits.fit(compile_one(tmp_path, "-fsanitize=address"))
    assert (address.deadline, address.memory_mib) == (10.0, 0)
