#pragma once

#include "core.h"

namespace {

PyObject *give_answer(PyObject *, PyObject *) { return PyLong_FromLong(42); }

PyMethodDef functions_functions[] = {
    {"answer", give_answer, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot callee_slots[] = {
    {Py_tp_methods, functions_functions},
    {0, nullptr},
};

bool bind_functions(PyObject *module) {
    return add_type(module, FINFUZZ_NAME ".Callee", callee_slots) &&
           PyModule_AddFunctions(module, functions_functions) == 0;
}

}  // namespace
