"""Findings made by hand: a tiny extension without a framework, which compiles in half a second."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from finfuzz.targets.instrumentation import use_malloc
from finfuzz.targets.interpreters import Interpreter
from finfuzz.triage.instruments.experiment import Experiment, make_environment
from finfuzz.triage.instruments.valgrind import read_own_failure

REPRO = """\
import os, shlex, subprocess, sys, sysconfig
from importlib.machinery import EXTENSION_SUFFIXES

made = "tiny" + EXTENSION_SUFFIXES[0]
if not os.path.exists(made):
    options = ["-g", "-shared", "-fPIC", "-I" + sysconfig.get_path("include"), "-o", made]
    compiler = shlex.split(os.environ.get("CXX", "c++"))
    subprocess.run([*compiler, *options, "extension.cpp", "-lpthread"], check=True)
if sys.argv[1:] == ["--compile"]:
    sys.exit()
sys.path.insert(0, ".")
import tiny

tiny.go()
"""

EXTENSION = """\
#include <Python.h>
#include <climits>
#include <cstdlib>
#include <pthread.h>
static volatile int sink;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void release(int *block) {{ delete[] block; }}
static void misbehave() {{
    {body}
}}
static PyObject *go(PyObject *, PyObject *) {{
    misbehave();
    Py_RETURN_NONE;
}}
static PyMethodDef methods[] = {{{{"go", go, METH_NOARGS, nullptr}}, {{}}}};
static PyModuleDef definition = {{PyModuleDef_HEAD_INIT, "tiny", nullptr, -1, methods}};
PyMODINIT_FUNC PyInit_tiny() {{ return PyModule_Create(&definition); }}
"""

BODIES = {
    "survives": "",
    "aborts": "abort();",
    "use after free": "int *block = new int[4]; release(block); sink = block[1];",
    "overflow": "sink = INT_MAX; sink = sink + 1;",
    "double free": "void *block = malloc(32); sink = block == nullptr; free(block); free(block);",
    "address used again": "void *block = malloc(32), *old = block; free(block); "
    "block = malloc(32); if (block == old) abort();",
    "overrun": "char *block = (char *)PyObject_Malloc(8); block[8] = 1; PyObject_Free(block);",
    "waits": "pthread_mutex_lock(&mutex); pthread_mutex_lock(&mutex);",
    "spins": "for (;;) sink = 1;",
    "does not compile": "misspelt;",
}


@pytest.fixture
def finding_folder(tmp_path: Path) -> Callable[[str], Path]:
    """Makes the folder of a finding that does one of BODIES."""

    def make(what: str) -> Path:
        folder = tmp_path / "finding"
        folder.mkdir()
        (folder / "repro.py").write_text(REPRO)
        (folder / "extension.cpp").write_text(EXTENSION.format(body=BODIES[what]))
        return folder

    return make


@pytest.fixture
def case(
    finding_folder: Callable[[str], Path], pythons: list[Interpreter]
) -> Callable[..., Experiment]:
    """The same laid out and compiled, as the runner does it; by default for the newest CPython."""

    def make(
        what: str,
        signal: str = "SIGABRT",
        seconds: float = 600.0,
        python: Interpreter = pythons[0],
    ) -> Experiment:
        made = Experiment(
            finding_folder(what), signal, python, make_environment({}, python), seconds
        )
        assert made.compile() == ""
        return made

    return make


@pytest.fixture(scope="module")
def valgrinds_python(pythons: list[Interpreter]) -> Interpreter:
    """The newest CPython that valgrind can run: it starts none that brings a stripped linker."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        pytest.skip("valgrind is not on PATH")
    for python in pythons:
        command = [valgrind, "-q", str(python.executable), "-I", "-S", "-c", ""]
        environment = {**os.environ, **use_malloc(python)}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, errors="replace", check=False
        )
        problem = read_own_failure(done.stderr)
        if not problem:
            return python
    pytest.skip(f"valgrind can't run a CPython of this machine: {problem}")
