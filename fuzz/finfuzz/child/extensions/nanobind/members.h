#pragma once

#include <utility>

#include "core.h"

FINFUZZ_TYPES {

// A C++ object that owns Python objects, unseen by the garbage collector.
struct WithMembers FINFUZZ_COUNTED {
    Members members;
};

template <typename T>
void add_member(T &source, nb::object target) {
    source.members.push_back(std::move(target));
}

// Binds such a class, with nanobind's annotations of it.
template <typename T, typename... Annotations>
nb::class_<T> bind_with_members(nb::module_ &m, const char *name, const Annotations &...annotations) {
    auto type = nb::class_<T>(m, name, annotations...);
    type.def("add", &add_member<T>);
    return type;
}

}  // namespace
