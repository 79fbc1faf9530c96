#pragma once

#include "core.h"

#if !FINFUZZ_ALONE
// The module itself, after whichever features it has.
namespace finfuzz {

const Probe *probe = nullptr;
#    ifdef FINFUZZ_COVERAGE
void prepare_coverage();
#    endif

}  // namespace finfuzz

#    define FINFUZZ_EXPORT extern "C" __attribute__((visibility("default")))

FINFUZZ_EXPORT void finfuzz_attach(const finfuzz::Probe *table) {
#    ifdef FINFUZZ_COVERAGE
    finfuzz::prepare_coverage();
#    endif
    finfuzz::probe = table;
}

#endif
namespace {

#if FINFUZZ_ON_DEMAND
struct Feature {
    const char *names;
    bool (*bind)(PyObject *module);
};

#    define FINFUZZ_ROW(header, names) {names, bind_##header},
const Feature kFeatures[] = {
    FINFUZZ_FEATURES(FINFUZZ_ROW)
};

// A feature is bound when one of its names is first asked for: most programs need few.
PyObject *get_attribute(PyObject *module, PyObject *name) {
    PyObject *bytes = PyUnicode_AsUTF8String(name);
    if (!bytes) return nullptr;
    const std::string word = PyBytes_AsString(bytes);
    Py_DECREF(bytes);
    PyObject *names = PyModule_GetDict(module);
    for (const Feature &feature : kFeatures) {
        if (!finfuzz::has_word(feature.names, word.c_str())) continue;
        if (!PyDict_GetItem(names, name) && !feature.bind(module)) return nullptr;
        return PyObject_GenericGetAttr(module, name);
    }
    PyErr_SetObject(PyExc_AttributeError, name);
    return nullptr;
}

#endif
// The seed's checkers have nothing to check without a framework's capsules.
PyObject *check(PyObject *, PyObject *) { Py_RETURN_NONE; }

int module_exec(PyObject *module) {
    FINFUZZ_EVENT(finfuzz::kHookImport);
    bool done = add_type(module, kNodeName, node_slots) &&
                add_type(module, FINFUZZ_NAME ".Instance", no_slots);
#if FINFUZZ_HAS(Container)
    done = done && bind_container(module);
#endif
#if !FINFUZZ_ON_DEMAND
#    define FINFUZZ_BIND(header, names) done = done && bind_##header(module);
    FINFUZZ_FEATURES(FINFUZZ_BIND)
#endif
    return done ? 0 : -1;
}

PyMethodDef module_methods[] = {
#if FINFUZZ_ON_DEMAND
    {"__getattr__", get_attribute, METH_O, nullptr},
#endif
    {"check", check, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, reinterpret_cast<void *>(module_exec)},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, FINFUZZ_NAME, nullptr, 0,       module_methods,
    module_slots,          nullptr,      nullptr, nullptr,
};

}  // namespace

PyMODINIT_FUNC PyInit_finfuzz_target() { return PyModuleDef_Init(&definition); }
