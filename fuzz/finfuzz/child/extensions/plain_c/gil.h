#pragma once

#include "core.h"

namespace {

// What pybind11's gil_scoped_acquire is without pybind11; no more than that in a subinterpreter, which
// PyGILState does not know.
void gil_taker_dealloc(PyObject *self) {
    bool main = PyInterpreterState_Get() == PyInterpreterState_Main();
    PyGILState_STATE state = main ? PyGILState_Ensure() : PyGILState_LOCKED;
    FINFUZZ_EVENT(finfuzz::kHookGilTaken);
    if (main) PyGILState_Release(state);
    node_dealloc(self);
}

PyType_Slot gil_taker_slots[] = {
    {Py_tp_dealloc, reinterpret_cast<void *>(gil_taker_dealloc)},
    {0, nullptr},
};

bool bind_gil(PyObject *module) {
    return add_type(module, FINFUZZ_NAME ".GilTaker", gil_taker_slots) &&
           add_type(module, FINFUZZ_NAME ".GilStateTaker", gil_taker_slots);
}

}  // namespace
