// Whether a thread may be waited for.
#pragma once

#include <Python.h>

namespace {

// A thread that asks for the GIL of a finalizing Python never comes back: CPython blocks it for ever
// (gh-87135: 3.13.8, 3.14). Waiting for such a thread is a deadlock of the waiter's own making; the C
// API docs say to ask Py_IsFinalizing first. Before, CPython ends the thread, and waiting is over.
bool may_wait_for_threads() {
#if PY_VERSION_HEX >= 0x030D0800
    return !Py_IsFinalizing();
#else
    return true;
#endif
}

}  // namespace
