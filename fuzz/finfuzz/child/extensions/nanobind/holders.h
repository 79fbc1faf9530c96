#pragma once

#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/unique_ptr.h>

#include <memory>

#include "members.h"

FINFUZZ_TYPES {

// nanobind has no holders: C++ makes an object, and nanobind takes the pointer over or keeps it.
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
    nb::class_<Unique>(m, "UniqueType");
    m.def("Unique", [] { return std::make_unique<Unique>(); });
    m.def("set_member", &add_member<Unique>);
#endif
#if FINFUZZ_HAS(Shared)
    nb::class_<Shared>(m, "SharedType");
    m.def("Shared", [] { return std::make_shared<Shared>(); });
    m.def("set_member", &add_member<Shared>);
#endif
#if FINFUZZ_HAS(Holder)
    nb::class_<Holder>(m, "Holder").def(nb::init<>());
    m.def("set_member", &add_member<Holder>);
#endif
}

}  // namespace
