#pragma once

#include <pybind11/gil_safe_call_once.h>

#include <cstdint>
#include <string>

#include "core.h"

namespace {

#if FINFUZZ_HAS(call_once)
// What is stored there: the first node that came.
py::object call_once(const py::object &node) {
    PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<py::object> storage;
    return storage.call_once_and_store_result([&] { return node; }).get_stored();
}

#endif
#if FINFUZZ_HAS(static_answer)
// An object that each interpreter has to make for itself; says so if it is another one's.
std::string static_answer() {
    std::int64_t id = PyInterpreterState_GetID(PyInterpreterState_Get());
    PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<py::int_> storage;
    auto made_in = storage.call_once_and_store_result([&] { return py::int_(id); }).get_stored();
    if (made_in.cast<std::int64_t>() == id) return "finfuzz";
    return "an object of another interpreter";
}

#endif
#if FINFUZZ_HAS(static_object)
// Abuse: destroyed when there is no interpreter any more.
void static_object(const py::object &node) {
    static Members held;
    held.push_back(node);
}

#endif
#if FINFUZZ_HAS(native_thread_local)
// Abuse, as above.
void native_thread_local(const py::object &node) {
    thread_local Members held;
    held.push_back(node);
}

#endif
void bind_statics(py::module_ &m) {
#if FINFUZZ_HAS(call_once)
    m.def("call_once", &call_once);
#endif
#if FINFUZZ_HAS(static_answer)
    m.def("static_answer", &static_answer);
#endif
#if FINFUZZ_HAS(static_object)
    m.def("static_object", &static_object);
#endif
#if FINFUZZ_HAS(native_thread_local)
    m.def("native_thread_local", &native_thread_local);
#endif
}

}  // namespace
