#pragma once

#include <nanobind/stl/function.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core.h"

FINFUZZ_TYPES {

#if FINFUZZ_HAS(Callback)
struct Callback FINFUZZ_COUNTED {
    std::vector<std::function<nb::object()>> functions;
};

// A Python function of a C++ one, given to C++ as a std::function.
void add_function(Callback &source, const nb::object &target) {
    nb::object function = nb::cpp_function([target] { return target; });
    source.functions.push_back(nb::cast<std::function<nb::object()>>(function));
}

#endif
#if FINFUZZ_HAS(native_function)
// Captures the objects that it is called with.
nb::object native_function() {
    auto held = std::make_shared<Members>();
    return nb::cpp_function([held](nb::object target) { held->push_back(std::move(target)); });
}

#endif
void bind_callbacks(nb::module_ &m) {
#if FINFUZZ_HAS(Callback)
    nb::class_<Callback>(m, "Callback").def(nb::init<>());
    m.def("set_member", &add_function);
#endif
#if FINFUZZ_HAS(native_function)
    m.def("native_function", &native_function);
    m.def("set_member", [](const nb::callable &source, nb::handle target) { source(target); });
#endif
}

}  // namespace
