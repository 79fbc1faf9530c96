#pragma once

#include "core.h"

FINFUZZ_TYPES {

#if FINFUZZ_HAS(GilTaker)
struct GilTaker FINFUZZ_COUNTED {
    ~GilTaker() {
        nb::gil_scoped_acquire taken;
        FINFUZZ_EVENT(finfuzz::kHookGilTaken);
    }
};

#endif
#if FINFUZZ_HAS(GilStateTaker)
struct GilStateTaker FINFUZZ_COUNTED {
    ~GilStateTaker() {
        PyGILState_STATE state = PyGILState_Ensure();
        FINFUZZ_EVENT(finfuzz::kHookGilTaken);
        PyGILState_Release(state);
    }
};

#endif
void bind_gil(nb::module_ &m) {
#if FINFUZZ_HAS(GilTaker)
    nb::class_<GilTaker>(m, "GilTaker").def(nb::init<>());
#endif
#if FINFUZZ_HAS(GilStateTaker)
    nb::class_<GilStateTaker>(m, "GilStateTaker").def(nb::init<>());
#endif
}

}  // namespace
