// offers: Unique Shared Smart Holder
#pragma once

#include <memory>
#include <utility>

#include "core.h"

namespace {

struct Unique : finfuzz::Counted {
    Members members;
};

struct Shared : finfuzz::Counted {
    Members members;
};

struct Smart : finfuzz::Counted {
    Members members;
};

struct Holder : finfuzz::Counted {
    Members members;
};

template <typename T>
void add_member(T &source, py::object target) {
    source.members.push_back(std::move(target));
}

void bind_holders(py::module_ &m) {
    py::class_<Unique, std::unique_ptr<Unique>>(m, "Unique").def(py::init<>());
    py::class_<Shared, std::shared_ptr<Shared>>(m, "Shared").def(py::init<>());
    py::class_<Smart, py::smart_holder>(m, "Smart").def(py::init<>());
    py::class_<Holder>(m, "Holder").def(py::init<>());
    m.def("set_member", &add_member<Unique>);
    m.def("set_member", &add_member<Shared>);
    m.def("set_member", &add_member<Smart>);
    m.def("set_member", &add_member<Holder>);
}

}  // namespace
