"""A script whose extension misbehaves in the second life: the script has started itself anew."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from finfuzz.program.text import parse
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.instruments.allocators import run_pymalloc_debug
from finfuzz.triage.instruments.debugger import run_gdb
from finfuzz.triage.instruments.experiment import Experiment, Report, make_environment
from finfuzz.triage.instruments.sanitizers import run_sanitizers
from finfuzz.triage.instruments.valgrind import run_valgrind
from finfuzz.triage.repro.write import write_script

EXTENSION = """
#include <Python.h>
#include <cstdlib>
static thread_local struct Lives { int count = 0; ~Lives() { count = -1; } } lives;
static volatile int sink;

static void release(int* block) { delete[] block; }
static void misbehave() {
    int* block = new int[4];
    release(block);
    sink = block[1];
    abort();
}
static int execute(PyObject*) {
    if (++lives.count == 2) misbehave();
    return 0;
}
static PyModuleDef_Slot slots[] = {{Py_mod_exec, reinterpret_cast<void*>(execute)}, {0, nullptr}};
static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "finfuzz_target", nullptr, 0, nullptr, slots, nullptr, nullptr, nullptr};
PyMODINIT_FUNC PyInit_finfuzz_target() { return PyModuleDef_Init(&definition); }
"""
IN_IT = r"in misbehave \(\S*extension\.cpp:\d+\)"


def make_experiment(python: Interpreter, tmp_path: Path) -> Experiment:
    folder = tmp_path / "finding"
    folder.mkdir()
    program, spec = parse("finfuzz 1\nimport\nagain\nimport\n"), parse_target("plain-c")
    files = write_script(program, spec, python.version, "")
    for name, text in {**files, "extension.cpp": EXTENSION}.items():
        (folder / name).write_text(text)
    made = Experiment(folder, "SIGABRT", python, make_environment({}, python), 600.0)
    assert made.compile() == ""
    return made


@pytest.mark.parametrize(
    ("instrument", "tool", "summary"),
    [
        (run_pymalloc_debug, None, r"crashes \(SIGABRT\), as in a plain run: Python is at .+"),
        (run_gdb, "gdb", f"SIGABRT {IN_IT}"),
        (run_sanitizers, None, rf"heap-use-after-free \(READ\) {IN_IT}, freed in release .+"),
    ],
)
def test_instruments_follow_it(
    pythons: list[Interpreter],
    tmp_path: Path,
    instrument: Callable[[Experiment], Report],
    tool: str | None,
    summary: str,
) -> None:
    if tool and shutil.which(tool) is None:
        pytest.skip(f"{tool} is not on PATH")
    report = instrument(make_experiment(pythons[0], tmp_path))
    if report.status == "absent":
        pytest.skip(report.summary)
    assert report.status == "done"
    assert re.fullmatch(summary, report.summary), report.summary


@pytest.mark.slow  # 20 s
def test_valgrind_follows_it(valgrinds_python: Interpreter, tmp_path: Path) -> None:
    report = run_valgrind(make_experiment(valgrinds_python, tmp_path))
    assert report.status == "done"
    assert re.fullmatch(f"Invalid read of size 4 {IN_IT}, freed in release .+", report.summary), (
        report.summary
    )
