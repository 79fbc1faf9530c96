"""A small extension that has defects, and its recipe: a package as a user has one of their own."""

from __future__ import annotations

from pathlib import Path

from finfuzz.targets.compiler import find_compiler, run_compiler
from finfuzz.targets.interpreters import Interpreter

#: `Box` holds an object, unseen by the collector. The module aborts when it is executed again, and
#: `recurse` never ends. After `late`, an exit function of the C library calls CPython.
SOURCE = r"""
#include <Python.h>

#include <cstdio>
#include <cstdlib>

struct Box {
    PyObject_HEAD
    PyObject* held;
};

static int init(PyObject* self, PyObject* args, PyObject*) {
    Box* box = reinterpret_cast<Box*>(self);
    if (!PyArg_ParseTuple(args, "O", &box->held)) return -1;
    Py_INCREF(box->held);
    return 0;
}

static void dealloc(PyObject* self) {
    PyTypeObject* type = Py_TYPE(self);
    Py_XDECREF(reinterpret_cast<Box*>(self)->held);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyType_Slot slots[] = {{Py_tp_init, reinterpret_cast<void*>(init)},
                              {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                              {Py_tp_new, reinterpret_cast<void*>(PyType_GenericNew)},
                              {0, nullptr}};
static PyType_Spec spec = {"dying.Box", sizeof(Box), 0, Py_TPFLAGS_DEFAULT, slots};

extern "C" __attribute__((noinline)) int go_deeper(volatile int depth) {
    volatile char room[4096];
    room[depth % 4096] = 1;
    return go_deeper(depth + 1) + room[depth % 4096];
}

static PyObject* recurse(PyObject*, PyObject* deeply) {
    return PyLong_FromLong(PyObject_IsTrue(deeply) ? go_deeper(0) : 0);
}

static void take_reference() { Py_IncRef(Py_None); }

static PyObject* late(PyObject*, PyObject*) {
    atexit(take_reference);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"recurse", recurse, METH_O, nullptr},
                                {"late", late, METH_O, nullptr},
                                {nullptr, nullptr, 0, nullptr}};

extern "C" __attribute__((noinline)) void execute_elsewhere() {
    fprintf(stderr, "dying: executed again, in a subinterpreter\n");
    abort();
}

static int execute(PyObject* module) {
    static int times = 0;
    if (times++) {
        if (PyInterpreterState_Get() != PyInterpreterState_Main()) execute_elsewhere();
        fprintf(stderr, "dying: executed again\n");
        abort();
    }
    return PyModule_AddObject(module, "Box", PyType_FromSpec(&spec));
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, reinterpret_cast<void*>(execute)},
                                          {0, nullptr}};
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "dying", nullptr, 0, methods, module_slots,
                                 nullptr, nullptr, nullptr};

PyMODINIT_FUNC PyInit_dying() { return PyModuleDef_Init(&definition); }
"""

RECIPE = """
module = "dying"
[kind.box]
make = "t.Box(cell)"
[action]
recurse = "t.recurse(subject)"
late = "t.late(subject)"
[check]
"it recurses" = ["t.recurse(0)", 0]
"""

#: A recipe for campaigns: the module's second execution is the only crash. Programs of two lives
#: have it, and most with a subinterpreter.
FOR_CAMPAIGNS = """
module = "dying"
[kind.box]
make = "t.Box(cell)"
"""

#: The extension is executed again; what comes before does not matter.
EXECUTED_AGAIN = """finfuzz 1
node a :box
node b :box
edge a b :cell
root a codec
unimport
import
"""

#: A recursion without end, at the end.
RECURSES = "finfuzz 1\nnode a :box\nhook a atexit :recurse\n"

#: A call of CPython after its end, of which nobody dies.
CALLS_LATE = "finfuzz 1\nnode a :box\nhook a atexit :late\n"


def write_module(folder: Path, python: Interpreter, recipe: str = RECIPE) -> None:
    """Compile the extension into a folder, and put its recipe there."""
    (folder / "dying.cpp").write_text(SOURCE)
    (folder / "dying.toml").write_text(recipe)
    headers = [f"-I{include}" for include in python.includes]
    command = [str(find_compiler()), "-std=c++17", "-O0", "-shared", "-fPIC", *headers]
    run_compiler([*command, "dying.cpp", "-o", f"dying{python.ext_suffix}"], folder)
