#pragma once

#include "core.h"

namespace {

#if FINFUZZ_HAS(hook)
void cast(PyObject *subject);

struct Acts {
    finfuzz::Act traverse{cast}, clear{cast}, dealloc;
};

#endif
// Owns Python objects and tells the collector so. Its hooks may do more than that.
struct Container {
    Node node;
    std::vector<PyObject *> *items;
#if FINFUZZ_HAS(hook)
    Acts *acts;  // null before it is whole
#endif
};

Container *container_of(PyObject *self) { return reinterpret_cast<Container *>(self); }

#if FINFUZZ_HAS(set_act)
void plain(PyObject *) {}
void cast(PyObject *subject) { (void) PyType_IsSubtype(Py_TYPE(subject), &PyBaseObject_Type); }
void lookup(PyObject *) {}  // there is nothing to look up in without a framework
void create(PyObject *) { Py_XDECREF(PyList_New(0)); }

// A native action as an object of Python; the hooks take it for what it is and run it natively.
struct Action {
    Node node;
    finfuzz::Act::Native run;
};

constexpr char kActionName[] = FINFUZZ_NAME ".Action";

// Sets what a hook does: a native action, or anything that can be called.
void set_act(finfuzz::Act &act, PyObject *wanted) {
    if (finfuzz::is_a(wanted, kActionName))
        act.set(reinterpret_cast<Action *>(wanted)->run);
    else
        act.set(wanted);
}

#endif
int container_traverse(PyObject *self, visitproc visit, void *arg) {
#if !FINFUZZ_POLICY_STATIC_TYPES
    Py_VISIT(Py_TYPE(self));
#endif
    FINFUZZ_EVENT(finfuzz::kHookTraverse);
    if (!container_of(self)->items) return 0;
#if FINFUZZ_HAS(hook)
    if (container_of(self)->acts) container_of(self)->acts->traverse.run(self);
#endif
    for (PyObject *item : *container_of(self)->items) Py_VISIT(item);
    return 0;
}

// What dealloc does stays: it is for the end. What cycle it may be in has other members that can be
// cleared.
int container_clear(PyObject *self) {
    FINFUZZ_EVENT(finfuzz::kHookClear);
#if FINFUZZ_HAS(hook)
    container_of(self)->acts->clear.run(self);
#endif
    drop(*container_of(self)->items);
#if FINFUZZ_HAS(hook)
    container_of(self)->acts->traverse.drop();
    container_of(self)->acts->clear.drop();
#endif
    return 0;
}

void container_dealloc(PyObject *self) {
    PyObject_GC_UnTrack(self);
#if FINFUZZ_HAS(hook)
    {
        finfuzz::PendingError pending;
        FINFUZZ_EVENT(finfuzz::kHookDealloc);
        container_of(self)->acts->dealloc.run(self);
    }
#endif
    drop(*container_of(self)->items);
    delete container_of(self)->items;
#if FINFUZZ_HAS(hook)
    delete container_of(self)->acts;
#endif
    node_dealloc(self);
}

PyObject *container_new(PyTypeObject *type, PyObject *args, PyObject *names) {
    PyObject *self = node_new(type, args, names);
    if (!self) return nullptr;
    container_of(self)->items = new std::vector<PyObject *>;
#if FINFUZZ_HAS(hook)
    container_of(self)->acts = new Acts;
#endif
    return self;
}

PyObject *container_append(PyObject *self, PyObject *item) {
    Py_INCREF(item);
    container_of(self)->items->push_back(item);
    Py_RETURN_NONE;
}

#if FINFUZZ_HAS(hook)
PyObject *container_hook(PyObject *self, PyObject *args) {
    const char *hook;
    PyObject *wanted;
    if (!PyArg_ParseTuple(args, "sO", &hook, &wanted)) return nullptr;
    Acts &acts = *container_of(self)->acts;
    bool at_traverse = std::strcmp(hook, "traverse") == 0, at_clear = std::strcmp(hook, "clear") == 0;
    set_act(at_traverse ? acts.traverse : at_clear ? acts.clear : acts.dealloc, wanted);
    Py_RETURN_NONE;
}

#endif
PyMethodDef container_methods[] = {
    {"append", container_append, METH_O, nullptr},
#if FINFUZZ_HAS(hook)
    {"hook", container_hook, METH_VARARGS, nullptr},
#endif
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot container_slots[] = {
    {Py_tp_new, reinterpret_cast<void *>(container_new)},
    {Py_tp_dealloc, reinterpret_cast<void *>(container_dealloc)},
    {Py_tp_traverse, reinterpret_cast<void *>(container_traverse)},
    {Py_tp_clear, reinterpret_cast<void *>(container_clear)},
    {Py_tp_methods, container_methods},
    {0, nullptr},
};

bool bind_container(PyObject *module) {
    return add_type(module, FINFUZZ_NAME ".Container", container_slots, sizeof(Container),
                    Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC);
}

}  // namespace
