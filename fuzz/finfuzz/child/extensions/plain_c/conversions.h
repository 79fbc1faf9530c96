#pragma once

#include <chrono>
#include <thread>

#include "core.h"

namespace {

PyObject *takes_wrapped(PyObject *, PyObject *number) { return PyNumber_Long(number); }

// Long enough for other threads to come here meanwhile.
PyObject *takes_releasing(PyObject *, PyObject *number) {
    Py_BEGIN_ALLOW_THREADS
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    Py_END_ALLOW_THREADS
    return PyNumber_Long(number);
}

PyObject *value_of(PyObject *, PyObject *node) { return PyLong_FromLong(node_of(node)->value); }

PyObject *same(PyObject *, PyObject *object) {
    Py_INCREF(object);
    return object;
}

PyMethodDef conversions_functions[] = {
    {"takes_wrapped", takes_wrapped, METH_O, nullptr},
    {"takes_releasing", takes_releasing, METH_O, nullptr},
    {"value_of", value_of, METH_O, nullptr},
    {"same", same, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

bool bind_conversions(PyObject *module) {
    return PyModule_AddFunctions(module, conversions_functions) == 0;
}

}  // namespace
