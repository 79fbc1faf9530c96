#pragma once

#include "core.h"

namespace {

#if FINFUZZ_HAS(Callee)
struct Callee FINFUZZ_COUNTED {
    int answer() const { return 42; }
};

#endif
void bind_functions(py::module_ &m) {
#if FINFUZZ_HAS(answer)
    m.def("answer", [] { return 42; });
#endif
#if FINFUZZ_HAS(Callee)
    py::class_<Callee>(m, "Callee").def(py::init<>()).def("answer", &Callee::answer);
#endif
}

}  // namespace
