#pragma once

#include "core.h"

FINFUZZ_TYPES {

#if FINFUZZ_HAS(function_with_default)
// The function keeps its default argument.
nb::object function_with_default(const nb::object &value) {
    return nb::cpp_function([](nb::object given) { return given; }, nb::arg("value") = value);
}

#endif
#if FINFUZZ_HAS(Callee)
struct Callee FINFUZZ_COUNTED {
    int answer() const { return 42; }
};

#endif
void bind_functions(nb::module_ &m) {
#if FINFUZZ_HAS(function_with_default)
    m.def("function_with_default", &function_with_default);
#endif
#if FINFUZZ_HAS(answer)
    m.def("answer", [] { return 42; });
#endif
#if FINFUZZ_HAS(Callee)
    nb::class_<Callee>(m, "Callee", nb::dynamic_attr()).def(nb::init<>()).def("answer", &Callee::answer);
#endif
}

}  // namespace
