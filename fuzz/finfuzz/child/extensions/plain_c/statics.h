#pragma once

#include "core.h"

namespace {

#if FINFUZZ_POLICY_GLOBALS
// The first node that comes stays, whichever interpreter's it is.
PyObject *call_once(PyObject *, PyObject *node) {
    static PyObject *stored = nullptr;
    if (!stored) Py_INCREF(stored = node);
    Py_INCREF(stored);
    return stored;
}

PyObject *static_answer(PyObject *, PyObject *) {
    static PyObject *answer = nullptr;
    if (!answer) answer = PyUnicode_FromString("finfuzz");
    Py_XINCREF(answer);
    return answer;
}

#else
// The first node that comes stays, in each interpreter.
PyObject *call_once(PyObject *, PyObject *node) {
    PyObject *dict = PyInterpreterState_GetDict(PyInterpreterState_Get());
    PyObject *key = dict ? PyUnicode_FromString(FINFUZZ_NAME ".call_once") : nullptr;
    PyObject *stored = key ? PyDict_GetItemWithError(dict, key) : nullptr;  // borrowed
    if (!stored && key && !PyErr_Occurred() && PyDict_SetItem(dict, key, node) == 0) stored = node;
    Py_XDECREF(key);
    Py_XINCREF(stored);
    return stored;
}

PyObject *static_answer(PyObject *, PyObject *) { return PyUnicode_FromString("finfuzz"); }

#endif
struct References {
    std::vector<PyObject *> held;
    ~References() { drop(held); }
};

// Both are abuse: they are destroyed when there is no interpreter any more.
PyObject *static_object(PyObject *, PyObject *node) {
    static References references;
    Py_INCREF(node);
    references.held.push_back(node);
    Py_RETURN_NONE;
}

PyObject *native_thread_local(PyObject *, PyObject *node) {
    thread_local References references;
    Py_INCREF(node);
    references.held.push_back(node);
    Py_RETURN_NONE;
}

PyMethodDef statics_functions[] = {
    {"call_once", call_once, METH_O, nullptr},
    {"static_answer", static_answer, METH_NOARGS, nullptr},
    {"static_object", static_object, METH_O, nullptr},
    {"native_thread_local", native_thread_local, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

bool bind_statics(PyObject *module) {
    return PyModule_AddFunctions(module, statics_functions) == 0;
}

}  // namespace
