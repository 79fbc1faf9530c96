// offers: Error LocalError KeptError raise_error
#pragma once

#include <stdexcept>
#include <vector>

#include "core.h"

namespace {

struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct LocalError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct KeptError : finfuzz::Counted {
    std::vector<py::error_already_set> errors;
};

// Raises an exception with the object in it, and catches it in C++.
void keep_error(KeptError &source, const py::object &target) {
    PyErr_SetObject(PyExc_ValueError, py::make_tuple(target).ptr());
    source.errors.emplace_back();
}

void raise_error() { throw Error("thrown in C++"); }

void bind_errors(py::module_ &m) {
    py::register_exception<Error>(m, "Error");
    py::register_local_exception<LocalError>(m, "LocalError");
    py::class_<KeptError>(m, "KeptError").def(py::init<>());
    m.def("set_member", &keep_error);
    m.def("raise_error", &raise_error);
}

}  // namespace
