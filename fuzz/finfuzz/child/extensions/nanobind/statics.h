#pragma once

#include "core.h"

FINFUZZ_TYPES {

#if FINFUZZ_HAS(static_object)
// Abuse: destroyed when there is no interpreter any more.
void static_object(const nb::object &node) {
    static Members held;
    held.push_back(node);
}

#endif
#if FINFUZZ_HAS(native_thread_local)
// Abuse, as above.
void native_thread_local(const nb::object &node) {
    thread_local Members held;
    held.push_back(node);
}

#endif
void bind_statics(nb::module_ &m) {
#if FINFUZZ_HAS(static_object)
    m.def("static_object", &static_object);
#endif
#if FINFUZZ_HAS(native_thread_local)
    m.def("native_thread_local", &native_thread_local);
#endif
}

}  // namespace
