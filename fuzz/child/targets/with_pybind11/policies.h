// Policies: what becomes of the internals when the interpreter takes its dict down.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "core.h"

#define FINFUZZ_POLICY_RELEASED 0
#define FINFUZZ_POLICY_DESTROY 1
#define FINFUZZ_POLICY_LEAK 2
#define FINFUZZ_POLICY_HOLD 3
#ifndef FINFUZZ_POLICY
#    define FINFUZZ_POLICY FINFUZZ_POLICY_RELEASED
#endif

namespace {

// The capsule that pybind11 keeps a kind of internals in, borrowed; null if there is none now.
PyObject *capsule_at(const char *key) {
    PyObject *dict = PyInterpreterState_GetDict(PyInterpreterState_Get());
    return dict ? PyDict_GetItemString(dict, key) : nullptr;
}

PyObject *global_capsule() { return capsule_at(PYBIND11_INTERNALS_ID); }

// The key of the module's own internals holds an address, so it is found by what it points to.
std::string local_key() {
    PyObject *dict = PyInterpreterState_GetDict(PyInterpreterState_Get());
    void *wanted = py::detail::get_local_internals_pp_manager().get_pp();
    PyObject *key, *value;
    for (Py_ssize_t at = 0; dict && PyDict_Next(dict, &at, &key, &value);) {
        if (PyUnicode_Check(key) && PyCapsule_CheckExact(value)
            && PyCapsule_GetPointer(value, PyCapsule_GetName(value)) == wanted)
            return PyUnicode_AsUTF8(key);
    }
    throw std::runtime_error("pybind11's module-local internals are not in the interpreter's dict");
}

// PR 5958: the capsule's destructor resets what it points to.
void destroy_global(PyObject *capsule) {
    auto *pp = static_cast<std::unique_ptr<py::detail::internals> *>(
        PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule)));
    if (!pp) return;
    pp->reset();
    if (finfuzz::probe) finfuzz::probe->internals_destroyed();
}

void destroy_local(PyObject *capsule) {
    auto *pp = static_cast<std::unique_ptr<py::detail::local_internals> *>(
        PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule)));
    if (pp) pp->reset();
}

void apply_policy() {
    auto set = [](PyObject *capsule, PyCapsule_Destructor destructor) {
        if (!capsule || PyCapsule_SetDestructor(capsule, destructor) < 0)
            throw std::runtime_error("pybind11's internals capsule is not where it should be");
    };
    if (FINFUZZ_POLICY == FINFUZZ_POLICY_RELEASED) return;
    bool destroys = FINFUZZ_POLICY != FINFUZZ_POLICY_LEAK;
    set(global_capsule(), destroys ? destroy_global : nullptr);
    set(capsule_at(local_key().c_str()), destroys ? destroy_local : nullptr);
}

// Option B of PR 5972: a type keeps both capsules until it is gone itself.
void hold_capsules(const py::object &type) {
    if (FINFUZZ_POLICY != FINFUZZ_POLICY_HOLD) return;
    for (PyObject *capsule : {global_capsule(), capsule_at(local_key().c_str())}) {
        Py_XINCREF(capsule);
        py::weakref(type, py::cpp_function([capsule](py::handle self) {
                        Py_XDECREF(capsule);
                        self.dec_ref();
                    }))
            .release();
    }
}

}  // namespace
