// offers: Callback native_function
#pragma once

#include <pybind11/functional.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core.h"

namespace {

struct Callback : finfuzz::Counted {
    std::vector<std::function<py::object()>> functions;
};

// A Python function of a C++ one, given to C++ as a std::function.
void add_function(Callback &source, const py::object &target) {
    py::cpp_function function([target] { return target; });
    source.functions.push_back(function.cast<std::function<py::object()>>());
}

// Captures the objects that it is called with.
py::object native_function() {
    auto held = std::make_shared<Members>();
    return py::cpp_function([held](py::object target) { held->push_back(std::move(target)); });
}

void bind_callbacks(py::module_ &m) {
    py::class_<Callback>(m, "Callback").def(py::init<>());
    m.def("native_function", &native_function);
    m.def("set_member", &add_function);
    m.def("set_member", [](const py::function &source, py::handle target) { source(target); });
}

}  // namespace
