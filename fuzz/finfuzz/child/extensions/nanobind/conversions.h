#pragma once

#include "core.h"

FINFUZZ_TYPES {

#if FINFUZZ_HAS(takes_wrapped)
struct Wrapped FINFUZZ_COUNTED {
    explicit Wrapped(int value) : value(value) {}
    int value;
};

#endif
void bind_conversions(nb::module_ &m) {
#if FINFUZZ_HAS(takes_wrapped)
    nb::class_<Wrapped>(m, "Wrapped").def(nb::init<int>());
    nb::implicitly_convertible<int, Wrapped>();
    m.def("takes_wrapped", [](const Wrapped &wrapped) { return wrapped.value; });
#endif
#if FINFUZZ_HAS(value_of)
    m.def("value_of", [](const Instance &instance) { return instance.value; });
#endif
#if FINFUZZ_HAS(same)
    m.def("same", [](Instance &instance) { return &instance; }, nb::rv_policy::reference);
#endif
}

}  // namespace
