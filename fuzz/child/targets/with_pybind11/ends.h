// offers: at_py_atexit at_static_destructor at_thread_local_destructor
#pragma once

#include <stdexcept>

#include "../farewells.h"
#include "core.h"

namespace {

void py_atexit(const py::object &) {
    if (!at_py_atexit()) throw std::runtime_error("no room left for a function of Py_AtExit");
}

void static_destructor(const py::object &) { at_static_destructor(); }
void thread_local_destructor(const py::object &) { at_thread_local_destructor(); }

void bind_ends(py::module_ &m) {
    m.def("at_py_atexit", &py_atexit);
    m.def("at_static_destructor", &static_destructor);
    m.def("at_thread_local_destructor", &thread_local_destructor);
}

}  // namespace
