// Seeing internals made. Every pybind11 since 3.0 makes exactly one type of this name in the
// constructor of its internals, so the linker's --wrap=PyType_Ready shows each time without a
// change to pybind11.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <set>

#include "core.h"

extern "C" int __real_PyType_Ready(PyTypeObject *type);

namespace {

void internals_made() {
#if !FINFUZZ_ALONE
    // pybind11 has this pointer already, and asks for it before each use of the internals.
    using Pointer = std::unique_ptr<py::detail::internals>;
    static_assert(sizeof(Pointer) == sizeof(void *), "the runtime reads it as a plain pointer");
    auto *place = reinterpret_cast<void *const *>(py::detail::get_internals_pp_manager().get_pp());
    if (finfuzz::probe) return finfuzz::probe->internals_created(place);
#endif
    // CPython gives no interpreter's id to another one within a life of the main one.
    static std::set<std::int64_t> seen;
    if (seen.empty()) Py_AtExit([] { seen.clear(); });
    if (!seen.insert(PyInterpreterState_GetID(PyInterpreterState_Get())).second)
        std::fputs("internals created again in the same interpreter\n", stderr);
}

}  // namespace

extern "C" int __wrap_PyType_Ready(PyTypeObject *type) {
    if (type->tp_name && std::strcmp(type->tp_name, "pybind11_static_property") == 0)
        internals_made();
    return __real_PyType_Ready(type);
}
