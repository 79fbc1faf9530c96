#pragma once

#include <memory>
#include <utility>

#include "core.h"

namespace {

struct WithMembers FINFUZZ_COUNTED {
    Members members;
};

#if FINFUZZ_HAS(Unique)
struct Unique : WithMembers {};
#endif
#if FINFUZZ_HAS(Shared)
struct Shared : WithMembers {};
#endif
#if FINFUZZ_HAS(Smart)
struct Smart : WithMembers {};
#endif
#if FINFUZZ_HAS(Holder)
struct Holder : WithMembers {};
#endif

template <typename T>
void add_member(T &source, py::object target) {
    source.members.push_back(std::move(target));
}

void bind_holders(py::module_ &m) {
#if FINFUZZ_HAS(Unique)
    py::class_<Unique, std::unique_ptr<Unique>>(m, "Unique").def(py::init<>());
    m.def("set_member", &add_member<Unique>);
#endif
#if FINFUZZ_HAS(Shared)
    py::class_<Shared, std::shared_ptr<Shared>>(m, "Shared").def(py::init<>());
    m.def("set_member", &add_member<Shared>);
#endif
#if FINFUZZ_HAS(Smart)
    py::class_<Smart, py::smart_holder>(m, "Smart").def(py::init<>());
    m.def("set_member", &add_member<Smart>);
#endif
#if FINFUZZ_HAS(Holder)
    py::class_<Holder>(m, "Holder").def(py::init<>());
    m.def("set_member", &add_member<Holder>);
#endif
}

}  // namespace
