// offers: at_py_atexit at_static_destructor at_thread_local_destructor
#pragma once

#include "../farewells.h"
#include "core.h"

namespace {

PyObject *py_atexit(PyObject *, PyObject *) {
    if (!at_py_atexit())
        return PyErr_Format(PyExc_RuntimeError, "no room left for a function of Py_AtExit");
    Py_RETURN_NONE;
}

PyObject *static_destructor(PyObject *, PyObject *) {
    at_static_destructor();
    Py_RETURN_NONE;
}

PyObject *thread_local_destructor(PyObject *, PyObject *) {
    at_thread_local_destructor();
    Py_RETURN_NONE;
}

PyMethodDef ends_functions[] = {
    {"at_py_atexit", py_atexit, METH_O, nullptr},
    {"at_static_destructor", static_destructor, METH_O, nullptr},
    {"at_thread_local_destructor", thread_local_destructor, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

bool bind_ends(PyObject *module) { return PyModule_AddFunctions(module, ends_functions) == 0; }

}  // namespace
