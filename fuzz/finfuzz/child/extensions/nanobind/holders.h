#pragma once

#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/unique_ptr.h>

#include <memory>

#include "members.h"

namespace {

// nanobind has no holders: a pointer comes from C++, and its object is moved or kept for Python.
#if FINFUZZ_HAS(Unique)
struct Unique : WithMembers {};
#endif
#if FINFUZZ_HAS(Shared)
struct Shared : WithMembers {};
#endif
#if FINFUZZ_HAS(Holder)
struct Holder : WithMembers {};
#endif

void bind_holders(nb::module_ &m) {
#if FINFUZZ_HAS(Unique)
    nb::class_<Unique>(m, "Unique").def(nb::new_([] { return std::make_unique<Unique>(); }));
    m.def("set_member", &add_member<Unique>);
#endif
#if FINFUZZ_HAS(Shared)
    nb::class_<Shared>(m, "Shared").def(nb::new_([] { return std::make_shared<Shared>(); }));
    m.def("set_member", &add_member<Shared>);
#endif
#if FINFUZZ_HAS(Holder)
    nb::class_<Holder>(m, "Holder").def(nb::init<>());
    m.def("set_member", &add_member<Holder>);
#endif
}

}  // namespace
