#pragma once

#include <pybind11/functional.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core.h"

namespace {

#if FINFUZZ_HAS(Callback)
struct Callback FINFUZZ_COUNTED {
    std::vector<std::function<py::object()>> functions;
};

// A Python function of a C++ one, given to C++ as a std::function.
void add_function(Callback &source, const py::object &target) {
    py::cpp_function function([target] { return target; });
    source.functions.push_back(function.cast<std::function<py::object()>>());
}

#endif
#if FINFUZZ_HAS(native_function)
// Captures the objects that it is called with.
py::object native_function() {
    auto held = std::make_shared<Members>();
    return py::cpp_function([held](py::object target) { held->push_back(std::move(target)); });
}

#endif
void bind_callbacks(py::module_ &m) {
#if FINFUZZ_HAS(Callback)
    py::class_<Callback>(m, "Callback").def(py::init<>());
    m.def("set_member", &add_function);
#endif
#if FINFUZZ_HAS(native_function)
    m.def("native_function", &native_function);
    m.def("set_member", [](const py::function &source, py::handle target) { source(target); });
#endif
}

}  // namespace
