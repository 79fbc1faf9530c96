// Objects of the module in C globals: the interpreter that made them last is the one whose they are.
#pragma once

#include <Python.h>

#include <cstring>

namespace {

struct Global {
    const char *name;
    PyObject *object;
};

// The objects that functions of the extension use.
Global globals[] = {{"Action", nullptr}, {"Error", nullptr}, {"Iterator", nullptr}};

// The object that was there stays alive: its interpreter may be gone, or another one may use it.
void set_global(const char *name, PyObject *object) {
    for (Global &global : globals) {
        if (std::strcmp(global.name, name) != 0) continue;
        Py_INCREF(object);
        global.object = object;
    }
}

// A new reference; null, with an exception set, if nothing is there.
PyObject *get_global(const char *name) {
    for (const Global &global : globals) {
        if (std::strcmp(global.name, name) != 0 || !global.object) continue;
        Py_INCREF(global.object);
        return global.object;
    }
    return PyErr_Format(PyExc_RuntimeError, "no %s yet", name);
}

}  // namespace
