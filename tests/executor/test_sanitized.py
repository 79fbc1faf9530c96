"""CPythons with sanitizers: a report is a crash, with the stack of the misuse."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.diagnosis import diagnose
from helpers.built_pythons import find_sanitized, make_launcher

PROGRAM = parse("finfuzz 1\nimport\nstart i1 isolated\nenter i1\nnode a list\nedge a a append\n")

#: An extension that gives back a reference which it does not own: CPython uses a freed list.
GIVES_BACK = """
import ctypes
held = [[]]
ctypes.pythonapi.Py_DecRef(ctypes.py_object(held[0]))
repr(held)
"""

Run = Callable[[Build], Outcome]


def run_in_zygote(made: Build) -> Outcome:
    with Executor(made) as executor:
        return executor.run(PROGRAM)


def run_in_fresh_process(made: Build) -> Outcome:
    return run_fresh(made, PROGRAM)


@pytest.fixture(scope="module")
def sanitized(pythons: list[Interpreter]) -> Build:
    return build(parse_target("no-extension"), find_sanitized(pythons, "AddressSanitizer"))


@pytest.mark.parametrize("run", [run_in_zygote, run_in_fresh_process])
def test_a_program_without_a_defect_survives(sanitized: Build, run: Run) -> None:
    outcome = run(sanitized)
    assert (outcome.signal, outcome.exit_code, outcome.stderr) == (None, 0, "")


@pytest.mark.parametrize("run", [run_in_zygote, run_in_fresh_process])
def test_freed_memory_that_cpython_uses_is_a_crash(
    sanitized: Build, tmp_path: Path, run: Run
) -> None:
    extension = tmp_path / "finfuzz_target.py"
    extension.write_text(GIVES_BACK)
    outcome = run(dataclasses.replace(sanitized, extension=extension))
    (found,) = diagnose(outcome, Limits().memory_mib)
    assert str(found) == "SIGABRT/address-sanitizer"
    assert found.detail.startswith("heap-use-after-free: READ of size 8")
    assert "Py_FinalizeEx" in found.stack


#: A CPython of whose own code only `main` has a sanitizer. It misuses memory after finalization,
#: where it runs a program (and not, say, a compile).
LAUNCHER = """
#include <Python.h>
#include <atomic>
#include <cstring>
#include <thread>
static int shared, *freed = new int(1);
__attribute__((noinline)) void misuse(int code) { MISUSE }
int main(int argc, char** argv) {
    int code = Py_BytesMain(argc, argv);
    if (argc > 3 && std::strstr(argv[3], "zygote.py")) misuse(code);
    return code;
}
"""


@pytest.mark.parametrize(
    ("sanitizer", "misuse", "diagnostic", "detail"),
    [
        ("address", "delete freed; shared = *freed;", "address-sanitizer", "heap-use-after-free"),
        (
            "thread",
            # Nothing orders the two but the time, so that the second is the one reported.
            "std::atomic<bool> wrote{false}; "
            "std::thread other([&] { ++shared; wrote.store(true, std::memory_order_relaxed); }); "
            "while (!wrote.load(std::memory_order_relaxed)) {} ++shared; other.join();",
            "thread-sanitizer",
            "data race",
        ),
        ("undefined", "shared = 1 << (code + 77);", "undefined-behaviour", "launcher.cpp:7: shift"),
    ],
)
@pytest.mark.parametrize("run", [run_in_zygote, run_in_fresh_process])
def test_a_report_is_a_crash(
    pythons: list[Interpreter],
    tmp_path: Path,
    sanitizer: str,
    misuse: str,
    diagnostic: str,
    detail: str,
    run: Run,
) -> None:
    source = LAUNCHER.replace("MISUSE", misuse)
    launcher = make_launcher(pythons, tmp_path, source, (f"-fsanitize={sanitizer}",))
    outcome = run(build(parse_target("no-extension"), launcher))
    (found,) = diagnose(outcome, Limits().memory_mib)
    assert str(found) == f"SIGABRT/{diagnostic}"
    assert found.detail.startswith(detail)
    assert any(function.startswith("misuse") for function in found.stack)
