#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "core.h"

namespace {

#if FINFUZZ_HAS(check) || !FINFUZZ_POLICY_RELEASED
// The capsule that pybind11 keeps a kind of internals in, borrowed; null if there is none now.
PyObject *capsule_at(const char *key) {
    PyObject *dict = PyInterpreterState_GetDict(PyInterpreterState_Get());
    return dict ? PyDict_GetItemString(dict, key) : nullptr;
}

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

#endif
#if FINFUZZ_POLICY_DESTROY || FINFUZZ_POLICY_HOLD
// As in pybind11's PR 5958: the capsule's destructor resets what it points to.
template <typename T>
void destroy(PyObject *capsule) {
    auto *pp = static_cast<std::unique_ptr<T> *>(
        PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule)));
    if (pp) pp->reset();
}

void destroy_global(PyObject *capsule) {
    destroy<py::detail::internals>(capsule);
#    if !FINFUZZ_ALONE
    if (finfuzz::probe) finfuzz::probe->internals_destroyed();
#    endif
}

#endif
#if !FINFUZZ_POLICY_RELEASED
void set_destructor(const char *key, PyCapsule_Destructor destructor) {
    PyObject *capsule = capsule_at(key);
    if (!capsule || PyCapsule_SetDestructor(capsule, destructor) < 0)
        throw std::runtime_error("pybind11's internals capsule is not where it should be");
}

#    if FINFUZZ_POLICY_LEAK
// Option A of pybind11's PR 5972: nobody destroys the internals.
void apply_policy() {
    set_destructor(PYBIND11_INTERNALS_ID, nullptr);
    set_destructor(local_key().c_str(), nullptr);
}
#    else
void apply_policy() {
    set_destructor(PYBIND11_INTERNALS_ID, destroy_global);
    set_destructor(local_key().c_str(), destroy<py::detail::local_internals>);
}
#    endif

#endif
#if FINFUZZ_POLICY_HOLD
// Option B of pybind11's PR 5972: a type keeps both capsules until it is gone itself.
void hold_capsules(const py::object &type) {
    for (PyObject *capsule :
         {capsule_at(PYBIND11_INTERNALS_ID), capsule_at(local_key().c_str())}) {
        Py_XINCREF(capsule);
        py::weakref(type, py::cpp_function([capsule](py::handle self) {
                        Py_XDECREF(capsule);
                        self.dec_ref();
                    }))
            .release();
    }
}

#endif
}  // namespace
