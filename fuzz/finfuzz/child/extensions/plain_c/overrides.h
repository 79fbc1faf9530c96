#pragma once

#include "core.h"

namespace {

PyObject *answer(PyObject *, PyObject *) { return PyLong_FromLong(7); }

PyMethodDef overridable_methods[] = {
    {"answer", answer, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot overridable_slots[] = {
    {Py_tp_methods, overridable_methods},
    {0, nullptr},
};

PyObject *call_override(PyObject *, PyObject *object) {
    return PyObject_CallMethod(object, "answer", nullptr);
}

PyMethodDef overrides_functions[] = {
    {"call_override", call_override, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

bool bind_overrides(PyObject *module) {
    return add_type(module, FINFUZZ_NAME ".Overridable", overridable_slots) &&
           PyModule_AddFunctions(module, overrides_functions) == 0;
}

}  // namespace
