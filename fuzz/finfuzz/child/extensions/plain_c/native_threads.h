#pragma once

#include "../common/native_threads.h"
#include "container.h"

namespace {

#if FINFUZZ_HAS(keep_in_native_thread)
PyObject *native_thread_that_keeps(PyObject *, PyObject *node) {
    if (!keep_in_native_thread(node)) return nullptr;
    Py_RETURN_NONE;
}

#endif
#if FINFUZZ_HAS(return_in_native_thread)
void come_back(PyObject *node, Gate &gate, Ready &ready) {
    PyGILState_STATE state = PyGILState_Ensure();
    Py_BEGIN_ALLOW_THREADS
    ready.set_value();
    gate.wait();
    Py_END_ALLOW_THREADS
    FINFUZZ_EVENT(finfuzz::kHookThreadReturned);
    Py_DECREF(node);
    PyGILState_Release(state);
}

PyObject *native_thread_that_returns(PyObject *, PyObject *node) {
    if (!start_native_thread_at_gate(node, come_back)) return nullptr;
    Py_RETURN_NONE;
}

#endif
#if FINFUZZ_HAS(wait_in_native_thread)
void come_late(PyObject *node, Gate &gate, Ready &ready) {
    ready.set_value();
    gate.wait();
    PyGILState_STATE state = PyGILState_Ensure();
    FINFUZZ_EVENT(finfuzz::kHookThreadReturned);
    Py_DECREF(node);
    PyGILState_Release(state);
}

PyObject *native_thread_that_waits(PyObject *, PyObject *node) {
    if (!start_native_thread_at_gate(node, come_late)) return nullptr;
    Py_RETURN_NONE;
}

#endif
PyMethodDef native_threads_functions[] = {
#if FINFUZZ_HAS(keep_in_native_thread)
    {"keep_in_native_thread", native_thread_that_keeps, METH_O, nullptr},
#endif
#if FINFUZZ_HAS(return_in_native_thread)
    {"return_in_native_thread", native_thread_that_returns, METH_O, nullptr},
#endif
#if FINFUZZ_HAS(wait_in_native_thread)
    {"wait_in_native_thread", native_thread_that_waits, METH_O, nullptr},
#endif
    {nullptr, nullptr, 0, nullptr},
};

bool bind_native_threads(PyObject *module) {
    return PyModule_AddFunctions(module, native_threads_functions) == 0;
}

}  // namespace
