#pragma once

#include <Python.h>
#include <structmember.h>

#include <vector>

#include "../../common/reduced.h"
#if FINFUZZ_HAS(set_act)
#    include "../common/act.h"
#endif
#include "../common/names.h"
#include "../../common/probe.h"
#if FINFUZZ_POLICY_GLOBALS
#    include "globals.h"
#endif
#if FINFUZZ_POLICY_STATIC_TYPES
#    include "static_types.h"
#endif

namespace {

// An object with members that the garbage collector does not see, as those of C++ classes are.
struct Node {
    PyObject_HEAD
    PyObject *weakrefs;
    std::vector<PyObject *> *members;
    int value;  // of an enum: which; of an iterator: how far it is
};

constexpr char kNodeName[] = "finfuzz.Node";  // another target's is as good

Node *node_of(PyObject *self) { return reinterpret_cast<Node *>(self); }

void add_member(PyObject *self, PyObject *target) {
    Py_INCREF(target);
    node_of(self)->members->push_back(target);
}

PyObject *node_new(PyTypeObject *type, PyObject *args, PyObject *) {
    int value = 7;
    if (!PyArg_ParseTuple(args, "|i", &value)) return nullptr;
#if FINFUZZ_POLICY_STATIC_TYPES
    PyObject *self = type->tp_alloc(type, 0);
#else
    auto allocate = reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc));
    PyObject *self = allocate(type, 0);
#endif
    if (!self) return nullptr;
    node_of(self)->members = new std::vector<PyObject *>;
    node_of(self)->value = value;
    FINFUZZ_COUNT(1);
    return self;
}

void drop(std::vector<PyObject *> &objects) {
    std::vector<PyObject *> dropped;  // taken out first: what happens now may come back here
    dropped.swap(objects);
    for (PyObject *object : dropped) Py_DECREF(object);
}

void node_dealloc(PyObject *self) {
    if (node_of(self)->weakrefs) PyObject_ClearWeakRefs(self);
    drop(*node_of(self)->members);
    delete node_of(self)->members;
    FINFUZZ_COUNT(-1);
#if FINFUZZ_POLICY_STATIC_TYPES
    Py_TYPE(self)->tp_free(self);
#else
    PyTypeObject *type = Py_TYPE(self);
    reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
#endif
}

PyMemberDef node_members[] = {
#if !FINFUZZ_POLICY_STATIC_TYPES
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Node, weakrefs), READONLY, nullptr},
#endif
    {"value", T_INT, offsetof(Node, value), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyType_Slot node_slots[] = {
    {Py_tp_new, reinterpret_cast<void *>(node_new)},
    {Py_tp_dealloc, reinterpret_cast<void *>(node_dealloc)},
    {Py_tp_members, node_members},
    {0, nullptr},
};

PyType_Slot no_slots[] = {{0, nullptr}};

// Adds what was made, if it was; false, with an exception set, if anything failed.
bool add(PyObject *module, const char *name, PyObject *made) {
#if FINFUZZ_POLICY_GLOBALS
    if (made) set_global(name, made);
#endif
    int failed = made ? PyObject_SetAttrString(module, name, made) : -1;
    Py_XDECREF(made);
    return failed == 0;
}

// What was added by that name, for functions of the module to use: a new reference, or null with an
// exception set.
PyObject *get_added(PyObject *module, const char *name) {
#if FINFUZZ_POLICY_GLOBALS
    (void) module;
    return get_global(name);
#else
    return PyObject_GetAttrString(module, name);
#endif
}

// A type of the module, `name` with the module's before it. Before 3.11 CPython keeps that very string.
bool add_type(PyObject *module, const char *name, PyType_Slot *slots, size_t size = sizeof(Node),
              unsigned long flags = Py_TPFLAGS_BASETYPE) {
    PyType_Spec spec = {name, static_cast<int>(size), 0,
                        static_cast<unsigned>(Py_TPFLAGS_DEFAULT | flags), slots};
#if FINFUZZ_POLICY_STATIC_TYPES
    const char *base = slots == node_slots ? nullptr : kNodeName;
    PyObject *type = ready_static_type(spec, offsetof(Node, weakrefs), base);
#else
    PyObject *bases = nullptr;
    if (slots != node_slots) {
        bases = Py_BuildValue("(N)", PyObject_GetAttrString(module, "Node"));
        if (!bases) return false;
    }
    PyObject *type = PyType_FromModuleAndSpec(module, &spec, bases);
    Py_XDECREF(bases);
#endif
    return add(module, std::strrchr(name, '.') + 1, type);
}

}  // namespace
