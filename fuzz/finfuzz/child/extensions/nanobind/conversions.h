#pragma once

#include <chrono>
#include <thread>

#include "core.h"

FINFUZZ_TYPES {

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
        nb::gil_scoped_release released;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    int value;
};

#endif
void bind_conversions(nb::module_ &m) {
#if FINFUZZ_HAS(takes_wrapped)
    nb::class_<Wrapped>(m, "Wrapped").def(nb::init<int>());
    nb::implicitly_convertible<int, Wrapped>();
    m.def("takes_wrapped", [](const Wrapped &wrapped) { return wrapped.value; });
#endif
#if FINFUZZ_HAS(takes_releasing)
    nb::class_<Releasing>(m, "Releasing").def(nb::init<int>());
    nb::implicitly_convertible<int, Releasing>();
    m.def("takes_releasing", [](const Releasing &releasing) { return releasing.value; });
#endif
#if FINFUZZ_HAS(value_of)
    m.def("value_of", [](const Instance &instance) { return instance.value; });
#endif
#if FINFUZZ_HAS(same)
    m.def("same", [](Instance &instance) { return &instance; }, nb::rv_policy::reference);
#endif
}

}  // namespace
