#pragma once

#include "core.h"

namespace {

bool bind_native_enums(PyObject *module) {
    PyObject *enums = PyImport_ImportModule("enum");
    PyObject *made = enums ? PyObject_CallMethod(enums, "Enum", "s{sisi}", "NativeColour", "red", 1,
                                                 "green", 2)
                           : nullptr;
    Py_XDECREF(enums);
    return add(module, "NativeColour", made);
}

}  // namespace
