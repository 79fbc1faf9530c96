#pragma once

#include "../common/native_threads.h"
#include "core.h"

FINFUZZ_TYPES {

#if FINFUZZ_HAS(keep_in_native_thread)
void native_thread_that_keeps(const nb::object &node) {
    if (!keep_in_native_thread(node.ptr())) throw nb::python_error();
}

#endif
#if FINFUZZ_HAS(return_in_native_thread)
// Since CPython 3.15 nanobind 3 takes a thread state that Py_FinalizeEx waits for (PEP 788). What the
// thread waits for has to come before that: the gate opens when Python drops what it has given to exit
// functions.
void open_at_exit(Gate &gate) {
#    if NB_VERSION_MAJOR >= 3 && PY_VERSION_HEX >= 0x030F0000 && !defined(Py_LIMITED_API)
    auto *kept = new SharedGate(gate.shared_from_this());
    PyObject *capsule = PyCapsule_New(kept, kGateName, open_gate);
    PyObject *atexit = PyImport_ImportModule("atexit");
    PyObject *done = PyObject_CallMethod(atexit, "register", "OO", &PyType_Type, capsule);
    if (!done) PyErr_Clear();
    Py_XDECREF(done);
    Py_XDECREF(atexit);
    Py_XDECREF(capsule);
#    else
    (void) gate;
#    endif
}

// The GIL is released as by a function of Python's that blocks: CPython's own code waits for it.
void come_back(PyObject *node, Gate &gate, Ready &ready) {
    nb::gil_scoped_acquire taken;
    open_at_exit(gate);
    Py_BEGIN_ALLOW_THREADS
    ready.set_value();
    gate.wait();
    Py_END_ALLOW_THREADS
    FINFUZZ_EVENT(finfuzz::kHookThreadReturned);
    Py_DECREF(node);
}

void native_thread_that_returns(const nb::object &node) {
    if (!start_native_thread_at_gate(node.ptr(), come_back)) throw nb::python_error();
}

#endif
#if FINFUZZ_HAS(wait_in_native_thread)
void come_late(PyObject *node, Gate &gate, Ready &ready) {
    ready.set_value();
    gate.wait();
    nb::gil_scoped_acquire taken;
#    if NB_VERSION_MAJOR >= 3
    if (!taken.is_valid()) return;
#    endif
    FINFUZZ_EVENT(finfuzz::kHookThreadReturned);
    Py_DECREF(node);
}

void native_thread_that_waits(const nb::object &node) {
    if (!start_native_thread_at_gate(node.ptr(), come_late)) throw nb::python_error();
}

#endif
void bind_native_threads(nb::module_ &m) {
#if FINFUZZ_HAS(keep_in_native_thread)
    m.def("keep_in_native_thread", &native_thread_that_keeps);
#endif
#if FINFUZZ_HAS(return_in_native_thread)
    m.def("return_in_native_thread", &native_thread_that_returns);
#endif
#if FINFUZZ_HAS(wait_in_native_thread)
    m.def("wait_in_native_thread", &native_thread_that_waits);
#endif
}

}  // namespace
