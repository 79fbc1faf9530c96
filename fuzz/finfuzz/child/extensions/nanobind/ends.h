#pragma once

#include <stdexcept>

#include "../common/farewells.h"
#include "core.h"

FINFUZZ_TYPES {

void bind_ends(nb::module_ &m) {
#if FINFUZZ_HAS(at_py_atexit)
    m.def("at_py_atexit", [](const nb::object &) {
        if (!at_py_atexit()) throw std::runtime_error("no room left for a function of Py_AtExit");
    });
#endif
#if FINFUZZ_HAS(at_static_destructor)
    m.def("at_static_destructor", [](const nb::object &) { at_static_destructor(); });
#endif
#if FINFUZZ_HAS(at_thread_local_destructor)
    m.def("at_thread_local_destructor", [](const nb::object &) { at_thread_local_destructor(); });
#endif
}

}  // namespace
