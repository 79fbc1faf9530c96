#pragma once

#include "core.h"

namespace {

struct Overridable FINFUZZ_COUNTED {
    virtual ~Overridable() = default;
    virtual int answer() const { return 7; }
};

struct Trampoline : Overridable {
    int answer() const override { PYBIND11_OVERRIDE(int, Overridable, answer); }
};

void bind_overrides(py::module_ &m) {
    py::class_<Overridable, Trampoline>(m, "Overridable")
        .def(py::init<>())
        .def("answer", &Overridable::answer);
    m.def("call_override", [](const Overridable &object) { return object.answer(); });
}

}  // namespace
