// Types in static storage, which all interpreters and lives of the process share.
#pragma once

#include <Python.h>

#include <cstring>
#include <mutex>

namespace {

// The place of a type, by its name: an unused one unless it has one already.
PyTypeObject &find_static_type(const char *name) {
    static PyTypeObject types[32];  // more than there are
    PyTypeObject *type = types;
    while (type->tp_name && std::strcmp(type->tp_name, name) != 0) ++type;
    return *type;
}

void fill_slot(PyTypeObject &type, const PyType_Slot &slot) {
    static PyBufferProcs buffers;  // one type has buffers
    void *value = slot.pfunc;
    switch (slot.slot) {
        case Py_tp_new: type.tp_new = reinterpret_cast<newfunc>(value); break;
        case Py_tp_dealloc: type.tp_dealloc = reinterpret_cast<destructor>(value); break;
        case Py_tp_traverse: type.tp_traverse = reinterpret_cast<traverseproc>(value); break;
        case Py_tp_clear: type.tp_clear = reinterpret_cast<inquiry>(value); break;
        case Py_tp_call: type.tp_call = reinterpret_cast<ternaryfunc>(value); break;
        case Py_tp_iter: type.tp_iter = reinterpret_cast<getiterfunc>(value); break;
        case Py_tp_iternext: type.tp_iternext = reinterpret_cast<iternextfunc>(value); break;
        case Py_tp_methods: type.tp_methods = static_cast<PyMethodDef *>(value); break;
        case Py_tp_members: type.tp_members = static_cast<PyMemberDef *>(value); break;
        case Py_bf_getbuffer:
            buffers.bf_getbuffer = reinterpret_cast<getbufferproc>(value);
            type.tp_as_buffer = &buffers;
            break;
        default: Py_FatalError("a static type has no such slot here");
    }
}

// A static type as its initializer would have it, but for the base.
PyTypeObject &fill_static_type(const PyType_Spec &spec, Py_ssize_t weakrefs) {
    static std::mutex filling;  // without a GIL, two threads may come here at once
    std::lock_guard<std::mutex> lock(filling);
    PyTypeObject &type = find_static_type(spec.name);
    if (type.tp_name) return type;
    type = PyTypeObject{PyVarObject_HEAD_INIT(nullptr, 0)};
    type.tp_basicsize = spec.basicsize;
    type.tp_flags = spec.flags;
    type.tp_weaklistoffset = weakrefs;
    for (PyType_Slot *slot = spec.slots; slot->slot; ++slot) fill_slot(type, *slot);
    type.tp_name = spec.name;
    return type;
}

// A new reference to the type of that name, made ready on the first call of the process; null, with
// an exception set, if it can't be. The base is ready.
PyObject *ready_static_type(const PyType_Spec &spec, Py_ssize_t weakrefs, const char *base) {
    PyTypeObject &type = fill_static_type(spec, weakrefs);
    if (base && !type.tp_base) type.tp_base = &find_static_type(base);
    if (PyType_Ready(&type) < 0) return nullptr;
    auto *object = reinterpret_cast<PyObject *>(&type);
    Py_INCREF(object);
    return object;
}

}  // namespace
