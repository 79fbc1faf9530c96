// The control: the same module as pybind11.cpp, against the C API alone.
//
// What kills this one is not a binding framework's doing. It has per-module state, heap types and a
// module definition that allows own-GIL interpreters, as the C API manual asks for.
#include <Python.h>
#include <structmember.h>

#include <utility>
#include <vector>

#include "probe.h"

namespace finfuzz {

const Probe *probe = nullptr;
#ifdef FINFUZZ_COVERAGE
void prepare_coverage();
#endif

}  // namespace finfuzz

#define FINFUZZ_EXPORT extern "C" __attribute__((visibility("default")))

FINFUZZ_EXPORT void finfuzz_attach(const finfuzz::Probe *table) {
#ifdef FINFUZZ_COVERAGE
    finfuzz::prepare_coverage();
#endif
    finfuzz::probe = table;
}

// The build links every target alike; this one has no internals to see made.
extern "C" int __real_PyType_Ready(PyTypeObject *type);
extern "C" int __wrap_PyType_Ready(PyTypeObject *type) { return __real_PyType_Ready(type); }

namespace {

struct State {
    PyObject *container;
    PyObject *instance;
};

struct Instance {
    PyObject_HEAD
    PyObject *weakrefs;
};

struct Container {
    PyObject_HEAD
    PyObject *weakrefs;
    std::vector<PyObject *> *items;
    unsigned char actions[3];
};

// What the hook does beyond its duty. `lookup` has nothing to look up in without a framework.
Container *act(PyObject *self, int hook) {
    finfuzz::event(hook);
    auto *container = reinterpret_cast<Container *>(self);
    if (!container->items) return nullptr;
    switch (container->actions[hook]) {
        case finfuzz::kCast:
            return PyType_IsSubtype(Py_TYPE(self), Py_TYPE(self)) ? container : nullptr;
        case finfuzz::kCreate:
            Py_XDECREF(PyList_New(0));
            break;
        default: break;
    }
    return container;
}

int container_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    if (Container *container = act(self, finfuzz::kHookTraverse))
        for (PyObject *item : *container->items) Py_VISIT(item);
    return 0;
}

void drop_items(Container *container) {
    std::vector<PyObject *> items;
    std::swap(items, *container->items);
    for (PyObject *item : items) Py_DECREF(item);
}

int container_clear(PyObject *self) {
    if (Container *container = act(self, finfuzz::kHookClear)) drop_items(container);
    return 0;
}

void container_dealloc(PyObject *self) {
    PyObject_GC_UnTrack(self);
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    act(self, finfuzz::kHookDealloc);
    PyErr_Restore(type, value, traceback);
    auto *container = reinterpret_cast<Container *>(self);
    if (container->weakrefs) PyObject_ClearWeakRefs(self);
    if (container->items) {
        drop_items(container);
        delete container->items;
    }
    PyTypeObject *own_type = Py_TYPE(self);
    own_type->tp_free(self);
    Py_DECREF(own_type);
}

PyObject *container_new(PyTypeObject *type, PyObject *, PyObject *) {
    PyObject *self = type->tp_alloc(type, 0);
    if (!self) return nullptr;
    auto *container = reinterpret_cast<Container *>(self);
    container->items = new std::vector<PyObject *>;
    container->actions[finfuzz::kHookTraverse] = finfuzz::kCast;
    container->actions[finfuzz::kHookClear] = finfuzz::kCast;
    return self;
}

PyObject *container_append(PyObject *self, PyObject *item) {
    Py_INCREF(item);
    reinterpret_cast<Container *>(self)->items->push_back(item);
    Py_RETURN_NONE;
}

PyObject *container_hook(PyObject *self, PyObject *args) {
    int hook, action;
    if (!PyArg_ParseTuple(args, "ii", &hook, &action)) return nullptr;
    reinterpret_cast<Container *>(self)->actions[hook] = static_cast<unsigned char>(action);
    Py_RETURN_NONE;
}

void instance_dealloc(PyObject *self) {
    if (reinterpret_cast<Instance *>(self)->weakrefs) PyObject_ClearWeakRefs(self);
    PyTypeObject *type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

PyMethodDef container_methods[] = {
    {"append", container_append, METH_O, nullptr},
    {"hook", container_hook, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyMemberDef container_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Container, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyMemberDef instance_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Instance, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyType_Slot container_slots[] = {
    {Py_tp_new, reinterpret_cast<void *>(container_new)},
    {Py_tp_dealloc, reinterpret_cast<void *>(container_dealloc)},
    {Py_tp_traverse, reinterpret_cast<void *>(container_traverse)},
    {Py_tp_clear, reinterpret_cast<void *>(container_clear)},
    {Py_tp_methods, container_methods},
    {Py_tp_members, container_members},
    {0, nullptr},
};

PyType_Slot instance_slots[] = {
    {Py_tp_dealloc, reinterpret_cast<void *>(instance_dealloc)},
    {Py_tp_members, instance_members},
    {0, nullptr},
};

PyType_Spec container_spec = {"finfuzz_target.Container", sizeof(Container), 0,
                              Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
                              container_slots};
PyType_Spec instance_spec = {"finfuzz_target.Instance", sizeof(Instance), 0, Py_TPFLAGS_DEFAULT,
                             instance_slots};

State *state_of(PyObject *module) { return static_cast<State *>(PyModule_GetState(module)); }

// The seed's checkers have nothing to check without a framework's capsules.
PyObject *check(PyObject *, PyObject *) { Py_RETURN_NONE; }

int module_exec(PyObject *module) {
    finfuzz::event(finfuzz::kHookImport);
    State *state = state_of(module);
    state->container = PyType_FromModuleAndSpec(module, &container_spec, nullptr);
    state->instance = PyType_FromModuleAndSpec(module, &instance_spec, nullptr);
    if (!state->container || !state->instance) return -1;
    if (PyModule_AddType(module, reinterpret_cast<PyTypeObject *>(state->container)) < 0) return -1;
    return PyModule_AddType(module, reinterpret_cast<PyTypeObject *>(state->instance));
}

int module_traverse(PyObject *module, visitproc visit, void *arg) {
    if (State *state = state_of(module)) {
        Py_VISIT(state->container);
        Py_VISIT(state->instance);
    }
    return 0;
}

int module_clear(PyObject *module) {
    if (State *state = state_of(module)) {
        Py_CLEAR(state->container);
        Py_CLEAR(state->instance);
    }
    return 0;
}

PyMethodDef module_methods[] = {
    {"check", check, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, reinterpret_cast<void *>(module_exec)},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#if PY_VERSION_HEX >= 0x030D0000
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "finfuzz_target", nullptr,      sizeof(State), module_methods,
    module_slots,          module_traverse,  module_clear, nullptr,
};

}  // namespace

PyMODINIT_FUNC PyInit_finfuzz_target() { return PyModuleDef_Init(&definition); }
