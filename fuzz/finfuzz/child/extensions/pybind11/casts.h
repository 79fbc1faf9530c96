#pragma once

#include <memory>
#include <utility>

#include "core.h"
#if FINFUZZ_HAS(cast_shared) || FINFUZZ_HAS(cast_unique) || FINFUZZ_HAS(cast_smart)
#    include "holders.h"
#endif

#if FINFUZZ_HAS(cast_forgotten)
// Of one name in every extension, so that two of them share what is registered for it.
namespace finfuzz_shared {

struct Forgotten FINFUZZ_COUNTED {
    virtual ~Forgotten() = default;
    int value = 3;
};

}  // namespace finfuzz_shared

#endif
namespace {

#if FINFUZZ_HAS(cast_local)
struct LocalShared FINFUZZ_COUNTED {};
#endif
#if FINFUZZ_HAS(cast_unregistered)
struct Unregistered FINFUZZ_COUNTED {};
#endif
#if FINFUZZ_HAS(cast_forgotten)
using finfuzz_shared::Forgotten;

// A module can forget it: nothing but the module's name for it holds the type.
void register_forgotten(const py::module_ &scope) {
    py::class_<Forgotten, std::shared_ptr<Forgotten>>(scope, "Forgotten").def(py::init<>());
}

#endif
// A pointer as an object of Python, and back; false where no object can be made of it.
template <typename Pointer>
bool cast_there_and_back(Pointer pointer) {
    py::object object = py::cast(std::move(pointer));
    if (!object) throw py::error_already_set();
    return object.cast<Pointer>() != nullptr;
}

void bind_casts(py::module_ &m) {
#if FINFUZZ_HAS(cast_shared)
    (void) py::object(m.attr("Shared"));  // has it bound
    m.def("cast_shared", [] { return cast_there_and_back(std::make_shared<Shared>()); });
#endif
#if FINFUZZ_HAS(cast_unique)
    (void) py::object(m.attr("Unique"));
    m.def("cast_unique", [] { return py::cast(std::make_unique<Unique>()); });
#endif
#if FINFUZZ_HAS(cast_smart)
    (void) py::object(m.attr("Smart"));
    m.def("cast_smart", [] {
        return cast_there_and_back(std::make_shared<Smart>()) &&
               cast_there_and_back(std::make_unique<Smart>());
    });
#endif
#if FINFUZZ_HAS(cast_local)
    py::class_<LocalShared, std::shared_ptr<LocalShared>>(m, "LocalShared", py::module_local());
    m.def("cast_local", [] { return cast_there_and_back(std::make_shared<LocalShared>()); });
#endif
#if FINFUZZ_HAS(cast_unregistered)
    m.def("cast_unregistered", [] { return cast_there_and_back(std::make_shared<Unregistered>()); });
#endif
#if FINFUZZ_HAS(cast_forgotten)
    m.def("register_forgotten", &register_forgotten);
    m.def("cast_forgotten", [] { return cast_there_and_back(std::make_shared<Forgotten>()); });
#endif
}

}  // namespace
