#pragma once

#include "core.h"

namespace {

PyObject *raise_error(PyObject *module, PyObject *) {
    PyObject *type = get_added(module, "Error");
    if (type) PyErr_SetString(type, "raised in C");
    Py_XDECREF(type);
    return nullptr;
}

PyMethodDef errors_functions[] = {
    {"raise_error", raise_error, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

bool bind_errors(PyObject *module) {
    return add(module, "Error", PyErr_NewException(FINFUZZ_NAME ".Error", nullptr, nullptr)) &&
           add(module, "LocalError", PyErr_NewException(FINFUZZ_NAME ".LocalError", nullptr, nullptr)) &&
           PyModule_AddFunctions(module, errors_functions) == 0;
}

}  // namespace
