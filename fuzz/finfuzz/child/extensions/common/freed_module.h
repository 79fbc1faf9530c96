// A module object that owns a node and does something in m_free.
#pragma once

#include <Python.h>

#include <new>

#include "act.h"
#include "../../common/probe.h"

namespace finfuzz {

struct FreedModule {
    PyObject *node;
    Act act;

    static FreedModule *of(PyObject *module) {
        return static_cast<FreedModule *>(PyModule_GetState(module));
    }

    static int traverse(PyObject *module, visitproc visit, void *arg) {
        FreedModule *state = of(module);
        Py_VISIT(state->node);
        return 0;
    }

    // The act stays: it is for the end. What cycle it may be in has other members that can be cleared.
    static int clear(PyObject *module) {
        Py_CLEAR(of(module)->node);
        return 0;
    }

    static void free(void *module) {
        PendingError pending;
        FINFUZZ_EVENT(kHookModuleFree);
        FreedModule *state = of(static_cast<PyObject *>(module));
        state->act.run(state->node ? state->node : Py_None);
        Py_CLEAR(state->node);
        state->act.drop();
    }
};

// Null, with an exception set, if there can't be one. Its act is yet to be set.
inline PyObject *new_freed_module(PyObject *node) {
    static PyModuleDef definition = {
        PyModuleDef_HEAD_INIT, "finfuzz_freed", nullptr, sizeof(FreedModule), nullptr, nullptr,
        FreedModule::traverse, FreedModule::clear, FreedModule::free,
    };
    PyObject *module = PyModule_Create(&definition);
    if (!module) return nullptr;
    auto *state = new (PyModule_GetState(module)) FreedModule{};
    Py_INCREF(node);
    state->node = node;
    return module;
}

}  // namespace finfuzz
