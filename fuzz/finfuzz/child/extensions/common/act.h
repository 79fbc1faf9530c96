// What a hook does: something of the target's own, or something of Python's.
#pragma once

#include <Python.h>

#include <utility>

#include "../../common/probe.h"

namespace finfuzz {

// An exception that is under way when a destructor runs, put back when that is over.
class PendingError {
public:
    PendingError() { PyErr_Fetch(&type_, &value_, &traceback_); }
    PendingError(const PendingError &) = delete;
    ~PendingError() { PyErr_Restore(type_, value_, traceback_); }

private:
    PyObject *type_, *value_, *traceback_;
};

// A callable is owned unseen by the collector: what tp_clear or tp_dealloc calls must not be garbage
// itself, because a function that has been cleared already crashes when it is called.
class Act {
public:
    using Native = void (*)(PyObject *subject);  // may run where no Python may

    Act() = default;
    explicit Act(Native native) : native_(native) {}
    Act(const Act &) = delete;
    ~Act() { drop(); }

    void set(Native native) {
        native_ = native;
        FINFUZZ_SET(setter_);
        drop();
    }

    void set(PyObject *callable) {
        Py_INCREF(callable);
        Py_XDECREF(std::exchange(callable_, callable));
    }

    // Something of Python's gets None: the subject may be past being referred to.
    void run(PyObject *subject) const {
        if (callable_) return call(callable_);
        if (!native_) return;
        native_(subject);
        FINFUZZ_PERFORMED(setter_);
    }

    void drop() { Py_CLEAR(callable_); }

private:
    static void call(PyObject *callable) {
        PendingError pending;
        Py_INCREF(callable);  // it may have itself replaced
        PyObject *result = PyObject_CallFunctionObjArgs(callable, Py_None, nullptr);
        if (!result) PyErr_WriteUnraisable(callable);
        Py_XDECREF(result);
        Py_DECREF(callable);
    }

    Native native_ = nullptr;
    PyObject *callable_ = nullptr;
    FINFUZZ_SETTER(setter_);  // of the native action; the driver counts what Python calls
};

}  // namespace finfuzz
