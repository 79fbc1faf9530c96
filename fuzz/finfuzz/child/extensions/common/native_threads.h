// Threads that neither CPython nor a module `threading` made, and that are not over when Python ends.
//
// A thread has a reference to its node in a plain pointer on its stack. No destructor drops that: where
// CPython unwinds the thread (before 3.13.8), it would run without the GIL.
#pragma once

#include <Python.h>
#include <unistd.h>

#include <functional>
#include <future>
#include <system_error>
#include <thread>
#include <utility>

#include "../../common/reduced.h"
#if FINFUZZ_HAS(return_in_native_thread) || FINFUZZ_HAS(wait_in_native_thread)
#    include "gate.h"
#endif

namespace {

using Ready = std::promise<void>;

// Starts a thread that calls `body`, and waits without the GIL until that has set `ready`. False, with
// an exception set, where no thread can be started.
bool start_native_thread(const std::function<void(Ready &)> &body) {
    Ready ready;
    std::future<void> is_ready = ready.get_future();
    try {
        std::thread([body](Ready its) { body(its); }, std::move(ready)).detach();
    } catch (const std::system_error &) {
        PyErr_SetString(PyExc_RuntimeError, "can't start a thread");
        return false;
    }
    Py_BEGIN_ALLOW_THREADS
    is_ready.wait();
    Py_END_ALLOW_THREADS
    return true;
}

#if FINFUZZ_HAS(keep_in_native_thread)
// Starts a thread that has a thread state of this interpreter, and sleeps to the end of the process. A
// thread may keep such a state for as long as it likes. It touches Python no more.
bool keep_in_native_thread(PyObject *node) {
    return start_native_thread([node](Ready &ready) {
        PyGILState_Ensure();
        Py_INCREF(node);
        PyEval_SaveThread();
        ready.set_value();
        for (;;) pause();
    });
}

#endif
#if FINFUZZ_HAS(return_in_native_thread) || FINFUZZ_HAS(wait_in_native_thread)
using AtGate = std::function<void(PyObject *node, Gate &, Ready &)>;

// Starts a thread that calls `body` with this interpreter's gate, on which it waits for the end.
bool start_native_thread_at_gate(PyObject *node, const AtGate &body) {
    SharedGate gate = gate_here();
    if (!gate) {
        if (!PyErr_Occurred()) PyErr_NoMemory();
        return false;
    }
    Py_INCREF(node);
    return start_native_thread([node, gate, body](Ready &ready) {
        gate->enter();  // the gate is closed as long as the thread that waits for `ready` does
        body(node, *gate, ready);
    });
}

#endif
}  // namespace
