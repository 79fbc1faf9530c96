// offers: GilTaker GilStateTaker
#pragma once

#include "core.h"

namespace {

struct GilTaker : finfuzz::Counted {
    ~GilTaker() {
        py::gil_scoped_acquire taken;
        finfuzz::event(finfuzz::kHookGilTaken);
    }
};

struct GilStateTaker : finfuzz::Counted {
    ~GilStateTaker() {
        PyGILState_STATE state = PyGILState_Ensure();
        finfuzz::event(finfuzz::kHookGilTaken);
        PyGILState_Release(state);
    }
};

void bind_gil(py::module_ &m) {
    py::class_<GilTaker>(m, "GilTaker").def(py::init<>());
    py::class_<GilStateTaker>(m, "GilStateTaker").def(py::init<>());
}

}  // namespace
