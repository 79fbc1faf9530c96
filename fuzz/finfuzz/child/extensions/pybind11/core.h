#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <vector>

#include "../../common/reduced.h"
#if FINFUZZ_HAS(set_act)
#    include "../common/act.h"
#endif
#include "../common/names.h"
#include "../../common/probe.h"

namespace py = pybind11;

namespace {

using Members = std::vector<py::object>;

#if FINFUZZ_HAS(Instance)
struct Instance FINFUZZ_COUNTED {
    int value = 7;
};

#endif
#if FINFUZZ_HAS(action)
// A native action as an object of Python; the hooks take it for what it is and run it natively.
struct Action {
    finfuzz::Act::Native run;
};

#endif
#if FINFUZZ_HAS(Container)
// The C++ object without asking pybind11: null before __init__ has run.
template <typename T>
T *payload(PyObject *self) {
    auto *instance = reinterpret_cast<py::detail::instance *>(self);
    if (!instance->simple_layout || !instance->simple_holder_constructed) return nullptr;
    return static_cast<T *>(instance->simple_value_holder[0]);
}

#endif
#if FINFUZZ_HAS(set_act)
// Sets what a hook does: a native action, or anything that can be called.
void set_act(finfuzz::Act &act, const py::object &wanted) {
#    if FINFUZZ_HAS(action)
    if (py::isinstance<Action>(wanted)) return act.set(wanted.cast<Action &>().run);
#    endif
    act.set(wanted.ptr());
}

#endif
}  // namespace
