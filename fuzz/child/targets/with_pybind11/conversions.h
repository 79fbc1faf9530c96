// offers: takes_wrapped value_of same
#pragma once

#include "core.h"

namespace {

struct Wrapped : finfuzz::Counted {
    explicit Wrapped(int value) : value(value) {}
    int value;
};

void bind_conversions(py::module_ &m) {
    py::class_<Wrapped>(m, "Wrapped").def(py::init<int>());
    py::implicitly_convertible<int, Wrapped>();
    m.def("takes_wrapped", [](const Wrapped &wrapped) { return wrapped.value; });
    m.def("value_of", [](const Instance &instance) { return instance.value; });
    m.def("same", [](Instance &instance) { return &instance; }, py::return_value_policy::reference);
}

}  // namespace
