#pragma once

#include <stdexcept>
#include <vector>

#include "core.h"

FINFUZZ_TYPES {

#if FINFUZZ_HAS(Error)
struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

#endif
#if FINFUZZ_HAS(KeptError)
struct KeptError FINFUZZ_COUNTED {
    std::vector<nb::python_error> errors;
};

// Raises an exception with the object in it, and catches it in C++.
void keep_error(KeptError &source, const nb::object &target) {
    PyErr_SetObject(PyExc_ValueError, nb::make_tuple(target).ptr());
    source.errors.emplace_back();
}

#endif
void bind_errors(nb::module_ &m) {
#if FINFUZZ_HAS(Error)
    nb::exception<Error>(m, "Error");
#endif
#if FINFUZZ_HAS(KeptError)
    nb::class_<KeptError>(m, "KeptError").def(nb::init<>());
    m.def("set_member", &keep_error);
#endif
#if FINFUZZ_HAS(raise_error)
    m.def("raise_error", [] { throw Error("thrown in C++"); });
#endif
}

}  // namespace
