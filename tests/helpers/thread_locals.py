"""An extension that says in each life whether a C++ thread-local of the main thread is alive.

And when that one is destroyed, and when the C library's exit functions run.
"""

from __future__ import annotations

from pathlib import Path

from finfuzz.targets.compiler import find_compiler, run_compiler
from finfuzz.targets.interpreters import Interpreter

#: What it prints in so many lives.
PRINTED = "thread-local alive\n" * 3 + "thread-local destroyed\nexit function\n"

_SOURCE = """
#include <Python.h>
#include <cstdio>
#include <cstdlib>

static const char* state = "alive";

struct Local {
    int lives = 0;
    ~Local() { std::fprintf(stderr, "thread-local %s\\n", state = "destroyed"); }
};

static thread_local Local local;

static int execute(PyObject*) {
    if (local.lives++ == 0) std::atexit([] { std::fputs("exit function\\n", stderr); });
    std::fprintf(stderr, "thread-local %s\\n", state);
    return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, reinterpret_cast<void*>(execute)},
    {0, nullptr},
};
static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "finfuzz_target", nullptr, 0, nullptr, slots, nullptr, nullptr, nullptr,
};
PyMODINIT_FUNC PyInit_finfuzz_target() { return PyModuleDef_Init(&definition); }
"""


def compile_extension(python: Interpreter, folder: Path) -> Path:
    """Compile it into the folder as `finfuzz_target`."""
    made = folder / f"finfuzz_target{python.ext_suffix}"
    source = folder / "thread_local.cpp"
    source.write_text(_SOURCE)
    headers = [f"-I{one}" for one in python.includes]
    options = ["-std=c++17", "-shared", "-fPIC", *headers]
    run_compiler([str(find_compiler()), *options, str(source), "-o", str(made)], folder)
    return made
