#pragma once

#include "../common/gate.h"
#include "core.h"

namespace {

PyObject *wait_for_the_end(PyObject *, PyObject *) {
    SharedGate gate = gate_here();
    if (!gate) return PyErr_Occurred() ? nullptr : PyErr_NoMemory();
    gate->enter();
    Py_BEGIN_ALLOW_THREADS
    gate->wait();
    Py_END_ALLOW_THREADS
    FINFUZZ_EVENT(finfuzz::kHookThreadReturned);
    Py_RETURN_NONE;
}

PyMethodDef returning_functions[] = {
    {"wait_for_the_end", wait_for_the_end, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

bool bind_returning(PyObject *module) {
    return PyModule_AddFunctions(module, returning_functions) == 0;
}

}  // namespace
