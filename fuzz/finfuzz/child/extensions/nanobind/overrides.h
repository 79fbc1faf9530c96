#pragma once

#include <nanobind/trampoline.h>

#include "core.h"

FINFUZZ_TYPES {

struct Overridable FINFUZZ_COUNTED {
    virtual ~Overridable() = default;
    virtual int answer() const { return 7; }
};

struct Trampoline : Overridable {
#if NB_VERSION_MAJOR >= 3
    NB_TRAMPOLINE(Overridable);
#else
    NB_TRAMPOLINE(Overridable, 1);
#endif
    int answer() const override { NB_OVERRIDE(answer); }
};

void bind_overrides(nb::module_ &m) {
    nb::class_<Overridable, Trampoline>(m, "Overridable")
        .def(nb::init<>())
        .def("answer", &Overridable::answer);
    m.def("call_override", [](const Overridable &object) { return object.answer(); });
}

}  // namespace
