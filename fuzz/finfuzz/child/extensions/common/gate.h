// Where a thread waits, without the GIL, for the interpreter's finalization, to come back into it.
//
// A capsule in the interpreter's state dict opens the gate: its destructor runs when that dict is
// cleared. It waits, without the GIL, until each thread has come through and is gone, or sleeps for good
// where CPython put it.
#pragma once

#include <Python.h>
#include <unistd.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "../../common/probe.h"
#include "../../common/settling.h"

namespace {

class Gate : public std::enable_shared_from_this<Gate> {
public:
    // Called with the GIL, so that the gate can't open between this and `wait`.
    void enter() {
        std::lock_guard<std::mutex> lock(mutex_);
        inside_.push_back(gettid());
    }

    void wait() {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [this] { return open_; });
    }

    bool is_ours() const { return getpid() == process_; }  // in a fork's child the threads are not

    void open() {
        if (!is_ours()) return;
        std::vector<unsigned long> times;
        {
            std::lock_guard<std::mutex> lock(mutex_);
            for (pid_t thread : inside_) times.push_back(finfuzz::read_sleep(thread).times);
            open_ = true;
        }
        changed_.notify_all();
        for (size_t n = 0; n < times.size(); ++n) finfuzz::wait_until_settled(inside_[n], times[n]);
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
    std::vector<pid_t> inside_;
    pid_t process_ = getpid();
};

using SharedGate = std::shared_ptr<Gate>;
constexpr char kGateName[] = "finfuzz.returning";

void open_gate(PyObject *capsule) {
    auto *gate = static_cast<SharedGate *>(PyCapsule_GetPointer(capsule, kGateName));
    Py_BEGIN_ALLOW_THREADS
    (*gate)->open();
    Py_END_ALLOW_THREADS
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

}  // namespace
