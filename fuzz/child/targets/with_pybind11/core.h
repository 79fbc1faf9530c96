// What every feature needs: the second type, and what can be known of an object without pybind11.
#pragma once

#include <pybind11/pybind11.h>

#include <vector>

#include "../act.h"
#include "../names.h"
#include "../probe.h"

namespace py = pybind11;

namespace {

using Members = std::vector<py::object>;

struct Instance : finfuzz::Counted {
    int value = 7;
};

// A native action as an object of Python; the hooks take it for what it is and run it natively.
struct Action {
    finfuzz::Act::Native run;
};

// The C++ object without asking pybind11: null before __init__ has run.
template <typename T>
T *payload(PyObject *self) {
    auto *instance = reinterpret_cast<py::detail::instance *>(self);
    if (!instance->simple_layout || !instance->simple_holder_constructed) return nullptr;
    return static_cast<T *>(instance->simple_value_holder[0]);
}

// Sets what a hook does: a native action, or anything that can be called.
void set_act(finfuzz::Act &act, const py::object &wanted);

}  // namespace
