// Where a thread waits, without the GIL, for the interpreter's finalization, to come back into it.
//
// A capsule in the interpreter's state dict opens the gate: its destructor runs when that dict is
// cleared. It waits until every thread has come through and is gone again (CPython ends a thread
// that asks for the GIL by then, or hangs it since 3.14), but never for longer than 100 ms.
#pragma once

#include <Python.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "../../common/probe.h"

namespace {

class Gate {
public:
    // Called with the GIL, so that the gate can't open between this and `wait`.
    void enter() {
        std::lock_guard<std::mutex> lock(mutex_);
        ++inside_;
    }

    void wait() {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [this] { return open_; });
    }

    void leave() {
        std::lock_guard<std::mutex> lock(mutex_);
        --inside_;
        changed_.notify_all();
    }

    bool is_ours() const { return getpid() == process_; }  // in a fork's child the threads are not

    void open() {
        if (!is_ours()) return;
        std::unique_lock<std::mutex> lock(mutex_);
        open_ = true;
        changed_.notify_all();
        changed_.wait_for(lock, std::chrono::milliseconds(100), [this] { return inside_ == 0; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
    int inside_ = 0;
    pid_t process_ = getpid();
};

// Destroyed with the thread, so also when CPython ends it.
struct Passage {
    std::shared_ptr<Gate> gate;

    ~Passage() {
        if (gate) gate->leave();
    }
};

using SharedGate = std::shared_ptr<Gate>;
constexpr char kGateName[] = "finfuzz.returning";

void open_gate(PyObject *capsule) {
    auto *gate = static_cast<SharedGate *>(PyCapsule_GetPointer(capsule, kGateName));
    (*gate)->open();
    delete gate;
}

// The gate of this interpreter; null, with an exception set, if there can't be one. The first gate is
// kept by one call: without a GIL, two threads may come here at once.
SharedGate gate_here() {
    PyObject *dict = PyInterpreterState_GetDict(PyInterpreterState_Get());
    auto *made = new SharedGate(std::make_shared<Gate>());
    PyObject *capsule = dict ? PyCapsule_New(made, kGateName, open_gate) : nullptr;
    if (!capsule) {
        delete made;
        return nullptr;
    }
    PyObject *kept = PyObject_CallMethod(dict, "setdefault", "sO", kGateName, capsule);
    Py_DECREF(capsule);
    if (!kept) return nullptr;
    auto &gate = *static_cast<SharedGate *>(PyCapsule_GetPointer(kept, kGateName));
    if (!gate->is_ours()) gate = std::make_shared<Gate>();
    SharedGate found = gate;
    Py_DECREF(kept);
    return found;
}

// With the GIL: from now on `open` waits for this thread to be gone.
void enter(const SharedGate &gate) {
    static thread_local Passage passage;
    gate->enter();
    passage.gate = gate;
}

}  // namespace
