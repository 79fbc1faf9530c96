// Seeing internals made. Every pybind11 since 3.0 makes exactly one type of this name in the
// constructor of its internals, so the linker's --wrap=PyType_Ready shows each time without a
// change to pybind11 and without asking it anything.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <set>

#include "core.h"

extern "C" int __real_PyType_Ready(PyTypeObject *type);

namespace {

void internals_made() {
#if !FINFUZZ_ALONE
    if (finfuzz::probe) return finfuzz::probe->internals_created();
#endif
    // CPython gives no interpreter's id to another one within a life of the main one.
    static std::set<std::int64_t> seen;
    if (seen.empty()) Py_AtExit([] { seen.clear(); });
    if (!seen.insert(PyInterpreterState_GetID(PyInterpreterState_Get())).second)
        std::fputs("finfuzz: internals created again in the same interpreter\n", stderr);
}

}  // namespace

extern "C" int __wrap_PyType_Ready(PyTypeObject *type) {
    if (type->tp_name && std::strcmp(type->tp_name, "pybind11_static_property") == 0)
        internals_made();
    return __real_PyType_Ready(type);
}
