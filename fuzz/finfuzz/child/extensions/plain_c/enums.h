#pragma once

#include "core.h"

namespace {

PyObject *colour_name(PyObject *, PyObject *colour) {
    return PyUnicode_FromString(node_of(colour)->value == 1 ? "red" : "green");
}

PyMethodDef enums_functions[] = {
    {"colour_name", colour_name, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

bool bind_enums(PyObject *module) {
    return add_type(module, FINFUZZ_NAME ".Colour", no_slots) &&
           PyModule_AddFunctions(module, enums_functions) == 0;
}

}  // namespace
