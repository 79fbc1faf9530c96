#pragma once

#include <stdexcept>
#include <vector>

#include "core.h"

namespace {

#if FINFUZZ_HAS(Error)
struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

#endif
#if FINFUZZ_HAS(LocalError)
struct LocalError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

#endif
#if FINFUZZ_HAS(KeptError)
struct KeptError FINFUZZ_COUNTED {
    std::vector<py::error_already_set> errors;
};

// Raises an exception with the object in it, and catches it in C++.
void keep_error(KeptError &source, const py::object &target) {
    PyErr_SetObject(PyExc_ValueError, py::make_tuple(target).ptr());
    source.errors.emplace_back();
}

#endif
void bind_errors(py::module_ &m) {
#if FINFUZZ_HAS(Error)
    py::register_exception<Error>(m, "Error");
#endif
#if FINFUZZ_HAS(LocalError)
    py::register_local_exception<LocalError>(m, "LocalError");
#endif
#if FINFUZZ_HAS(KeptError)
    py::class_<KeptError>(m, "KeptError").def(py::init<>());
    m.def("set_member", &keep_error);
#endif
#if FINFUZZ_HAS(raise_error)
    m.def("raise_error", [] { throw Error("thrown in C++"); });
#endif
}

}  // namespace
