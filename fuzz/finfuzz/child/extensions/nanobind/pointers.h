#pragma once

#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/unique_ptr.h>

#include <memory>
#include <utility>
#include <vector>

#include "members.h"

FINFUZZ_TYPES {

struct Pointee : WithMembers {};

// A Python object that holds the target, and that nothing else refers to.
nb::object new_pointee(nb::object target) {
    Pointee made;
    made.members.push_back(std::move(target));
    return nb::cast(std::move(made));
}

#if FINFUZZ_HAS(SharedPointers)
// Owns Python objects by std::shared_ptr, whose deleter is nanobind's.
struct SharedPointers FINFUZZ_COUNTED {
    std::vector<std::shared_ptr<Pointee>> pointers;
};

#endif
#if FINFUZZ_HAS(UniquePointers)
// Owns them by std::unique_ptr: Python has given them up.
struct UniquePointers FINFUZZ_COUNTED {
    UniquePointers() = default;
    UniquePointers(const UniquePointers &) = delete;

    std::vector<std::unique_ptr<Pointee, nb::deleter<Pointee>>> pointers;
};

#endif
template <typename T>
void add_pointer(T &source, nb::object target) {
    using Pointer = typename decltype(source.pointers)::value_type;
    source.pointers.push_back(nb::cast<Pointer>(new_pointee(std::move(target))));
}

// Two features use it, and a type is bound once.
void bind_pointee(nb::module_ &m) {
    if (!nb::type<Pointee>().is_valid()) nb::class_<Pointee>(m, "Pointee");
}

void bind_pointers(nb::module_ &m) {
    bind_pointee(m);
#if FINFUZZ_HAS(SharedPointers)
    nb::class_<SharedPointers>(m, "SharedPointers")
        .def(nb::init<>())
        .def("add", &add_pointer<SharedPointers>);
#endif
#if FINFUZZ_HAS(UniquePointers)
    nb::class_<UniquePointers>(m, "UniquePointers")
        .def(nb::init<>())
        .def("add", &add_pointer<UniquePointers>);
#endif
}

}  // namespace
