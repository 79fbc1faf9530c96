#pragma once

#include <chrono>
#include <thread>

#include "core.h"

namespace {

#if FINFUZZ_HAS(takes_wrapped)
struct Wrapped FINFUZZ_COUNTED {
    explicit Wrapped(int value) : value(value) {}
    int value;
};

#endif
#if FINFUZZ_HAS(takes_releasing)
// Its conversion is long enough for other threads to convert meanwhile.
struct Releasing FINFUZZ_COUNTED {
    explicit Releasing(int value) : value(value) {
        py::gil_scoped_release released;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    int value;
};

#endif
void bind_conversions(py::module_ &m) {
#if FINFUZZ_HAS(takes_wrapped)
    py::class_<Wrapped>(m, "Wrapped").def(py::init<int>());
    py::implicitly_convertible<int, Wrapped>();
    m.def("takes_wrapped", [](const Wrapped &wrapped) { return wrapped.value; });
#endif
#if FINFUZZ_HAS(takes_releasing)
    py::class_<Releasing>(m, "Releasing").def(py::init<int>());
    py::implicitly_convertible<int, Releasing>();
    m.def("takes_releasing", [](const Releasing &releasing) { return releasing.value; });
#endif
#if FINFUZZ_HAS(value_of)
    m.def("value_of", [](const Instance &instance) { return instance.value; });
#endif
#if FINFUZZ_HAS(same)
    m.def("same", [](Instance &instance) { return &instance; }, py::return_value_policy::reference);
#endif
}

}  // namespace
