#pragma once

#include "../common/farewells.h"
#include "core.h"

namespace {

#if FINFUZZ_HAS(at_py_atexit)
PyObject *py_atexit(PyObject *, PyObject *) {
    if (!at_py_atexit())
        return PyErr_Format(PyExc_RuntimeError, "no room left for a function of Py_AtExit");
    Py_RETURN_NONE;
}

#endif
#if FINFUZZ_HAS(at_static_destructor)
PyObject *static_destructor(PyObject *, PyObject *) {
    at_static_destructor();
    Py_RETURN_NONE;
}

#endif
#if FINFUZZ_HAS(at_thread_local_destructor)
PyObject *thread_local_destructor(PyObject *, PyObject *) {
    at_thread_local_destructor();
    Py_RETURN_NONE;
}

#endif
PyMethodDef ends_functions[] = {
#if FINFUZZ_HAS(at_py_atexit)
    {"at_py_atexit", py_atexit, METH_O, nullptr},
#endif
#if FINFUZZ_HAS(at_static_destructor)
    {"at_static_destructor", static_destructor, METH_O, nullptr},
#endif
#if FINFUZZ_HAS(at_thread_local_destructor)
    {"at_thread_local_destructor", thread_local_destructor, METH_O, nullptr},
#endif
    {nullptr, nullptr, 0, nullptr},
};

bool bind_ends(PyObject *module) { return PyModule_AddFunctions(module, ends_functions) == 0; }

}  // namespace
