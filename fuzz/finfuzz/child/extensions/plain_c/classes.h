#pragma once

#include "core.h"

namespace {

// The class that a class statement with these bases makes; takes its arguments' references.
PyObject *new_class(PyObject *metaclass, const char *name, PyObject *bases, PyObject *names) {
    return PyObject_CallFunction(metaclass, "sNN", name, bases, names);
}

bool bind_classes(PyObject *module) {
    auto *type = reinterpret_cast<PyObject *>(&PyType_Type);
    auto get = [module](const char *name) { return PyObject_GetAttrString(module, name); };
    auto names = [] { return Py_BuildValue("{ss}", "__module__", FINFUZZ_NAME); };
    auto no_dict = [] { return Py_BuildValue("{sss()}", "__module__", FINFUZZ_NAME, "__slots__"); };
    if (!add_type(module, FINFUZZ_NAME ".First", no_slots) ||
        !add_type(module, FINFUZZ_NAME ".Second", no_slots))
        return false;
    PyObject *metaclass = new_class(type, "Metaclass", Py_BuildValue("(O)", type), names());
    bool done =
        metaclass &&
        add(module, "WithMetaclass",
            new_class(metaclass, "WithMetaclass", Py_BuildValue("(N)", get("Node")), no_dict())) &&
        add(module, "Dynamic", new_class(type, "Dynamic", Py_BuildValue("(N)", get("Node")), names())) &&
        add(module, "Multiple",
            new_class(type, "Multiple", Py_BuildValue("(NN)", get("First"), get("Second")), no_dict()));
    Py_XDECREF(metaclass);
    return done;
}

}  // namespace
