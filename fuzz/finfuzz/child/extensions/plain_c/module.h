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

#if FINFUZZ_POLICY_FAILING_INIT
// How many imports the process has begun. Of three, one succeeds; then one fails before anything is
// made, and one when all is.
int imports = 0;

bool fails_early() { return imports % 3 == 2; }
bool fails_late() { return imports > 0 && imports % 3 == 0; }

#endif
#if FINFUZZ_ON_DEMAND && !FINFUZZ_POLICY_SINGLE_PHASE
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
#if !FINFUZZ_ON_DEMAND || FINFUZZ_POLICY_SINGLE_PHASE
#    define FINFUZZ_BIND(header, names) done = done && bind_##header(module);
    FINFUZZ_FEATURES(FINFUZZ_BIND)
#endif
#if FINFUZZ_HAS(finfuzz_fails)
    if (done && PySys_GetObject("finfuzz_fails")) {
        PyErr_SetString(PyExc_ImportError, FINFUZZ_NAME " fails half-way");
        return -1;
    }
#endif
#if FINFUZZ_POLICY_FAILING_INIT
    if (done && fails_late()) {
        PyErr_SetString(PyExc_ImportError, FINFUZZ_NAME " fails when all is made");
        return -1;
    }
#endif
    return done ? 0 : -1;
}

PyMethodDef module_methods[] = {
#if FINFUZZ_ON_DEMAND && !FINFUZZ_POLICY_SINGLE_PHASE
    {"__getattr__", get_attribute, METH_O, nullptr},
#endif
    {"check", check, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

#if FINFUZZ_POLICY_SINGLE_PHASE
// -1: its state is all in C and in its dict, which CPython copies into each further module object.
PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, FINFUZZ_NAME, nullptr, -1,      module_methods,
    nullptr,               nullptr,      nullptr, nullptr,
};

PyObject *create_module() {
    PyObject *module = PyModule_Create(&definition);
    if (!module) return nullptr;
#    ifdef Py_GIL_DISABLED
    PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED);
#    endif
    if (module_exec(module) == 0) return module;
    Py_DECREF(module);
    return nullptr;
}

}  // namespace

PyMODINIT_FUNC PyInit_finfuzz_target() { return create_module(); }
#else
PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, reinterpret_cast<void *>(module_exec)},
#if !FINFUZZ_POLICY_STATIC_TYPES && !FINFUZZ_POLICY_GLOBALS
#    ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#    endif
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

PyMODINIT_FUNC PyInit_finfuzz_target() {
#if FINFUZZ_POLICY_FAILING_INIT
    ++imports;
    if (fails_early()) return PyErr_Format(PyExc_ImportError, FINFUZZ_NAME " fails at once");
#endif
    return PyModuleDef_Init(&definition);
}
#endif
