#pragma once

#include <nanobind/stl/shared_ptr.h>

#include <memory>

#include "core.h"

FINFUZZ_TYPES {

#if FINFUZZ_HAS(cast_unregistered)
struct Unregistered FINFUZZ_COUNTED {};
#endif
#if FINFUZZ_HAS(cast_forgotten)
struct Forgotten FINFUZZ_COUNTED {};

// A module can forget it: nothing but the module's name for it holds the type.
void register_forgotten(const nb::module_ &scope) {
    nb::class_<Forgotten>(scope, "Forgotten").def(nb::init<>());
}

#endif
// A pointer as an object of Python, and back.
template <typename T>
bool cast_there_and_back(const std::shared_ptr<T> &pointer) {
    return nb::cast<std::shared_ptr<T>>(nb::cast(pointer)) != nullptr;
}

void bind_casts(nb::module_ &m) {
#if FINFUZZ_HAS(cast_unregistered)
    m.def("cast_unregistered", [] { return cast_there_and_back(std::make_shared<Unregistered>()); });
#endif
#if FINFUZZ_HAS(cast_forgotten)
    m.def("register_forgotten", &register_forgotten);
    m.def("cast_forgotten", [] { return cast_there_and_back(std::make_shared<Forgotten>()); });
#endif
}

}  // namespace
