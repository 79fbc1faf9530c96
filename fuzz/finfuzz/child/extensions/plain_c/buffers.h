#pragma once

#include "core.h"

namespace {

// A new reference, or null with an exception set.
PyObject *iterator_type(PyObject *numbers) {
#if FINFUZZ_POLICY_STATIC_TYPES
    (void) numbers;
    auto *type = reinterpret_cast<PyObject *>(&find_static_type(FINFUZZ_NAME ".Iterator"));
    Py_INCREF(type);
    return type;
#else
    PyObject *module = PyType_GetModule(Py_TYPE(numbers));
    return module ? get_added(module, "Iterator") : nullptr;
#endif
}

PyObject *numbers_iterate(PyObject *self) {
    PyObject *type = iterator_type(self);
    PyObject *iterator = type ? PyObject_CallFunction(type, "i", 0) : nullptr;
    Py_XDECREF(type);
    if (iterator) add_member(iterator, self);
    return iterator;
}

PyObject *iterator_next(PyObject *self) {
    int &at = node_of(self)->value;
    return at < 3 ? PyLong_FromLong(++at) : nullptr;
}

int buffer_get(PyObject *self, Py_buffer *view, int flags) {
    return PyBuffer_FillInfo(view, self, &node_of(self)->value, sizeof(int), 0, flags);
}

PyType_Slot numbers_slots[] = {
    {Py_tp_iter, reinterpret_cast<void *>(numbers_iterate)},
    {0, nullptr},
};

PyType_Slot iterator_slots[] = {
    {Py_tp_iter, reinterpret_cast<void *>(PyObject_SelfIter)},
    {Py_tp_iternext, reinterpret_cast<void *>(iterator_next)},
    {0, nullptr},
};

PyType_Slot buffer_slots[] = {
    {Py_bf_getbuffer, reinterpret_cast<void *>(buffer_get)},
    {0, nullptr},
};

bool bind_buffers(PyObject *module) {
    return add_type(module, FINFUZZ_NAME ".Numbers", numbers_slots, sizeof(Node), 0) &&
           add_type(module, FINFUZZ_NAME ".Iterator", iterator_slots, sizeof(Node), 0) &&
           add_type(module, FINFUZZ_NAME ".Buffer", buffer_slots);
}

}  // namespace
