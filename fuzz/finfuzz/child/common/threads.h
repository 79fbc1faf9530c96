// Threads that Python did not start, with thread states created by hand.
//
// One thread of the operating system creates, uses, clears and deletes a thread state: 3.12 binds the
// state to its creator, and Py_EndInterpreter refuses a state of another thread.
#pragma once

#include <Python.h>
#include <pthread.h>

#include <atomic>
#include <system_error>
#include <thread>

#include "reduced.h"
#if FINFUZZ_HAS(start)
#    include "interpreters.h"
#endif

namespace finfuzz {

#if !FINFUZZ_ALONE
inline std::atomic<pthread_t> other_thread{};  // the thread that this one waits for; 0: none

#endif
// Calls `function` in another thread, which has no thread state; this one waits without the GIL.
// Returns false, with an exception set, where no thread can be started.
template <typename Function>
bool run_on_another_thread(Function function) {
    PyThreadState* caller = PyEval_SaveThread();
    bool ran = true;
    try {
        std::thread([&function] {
#if FINFUZZ_ALONE
            function();
#else
            other_thread = pthread_self();
            function();
            other_thread = pthread_t{};
#endif
        }).join();
    } catch (const std::system_error&) {
        ran = false;
    }
    PyEval_RestoreThread(caller);
    if (!ran) PyErr_SetString(PyExc_RuntimeError, "can't start a thread");
    return ran;
}

#if FINFUZZ_HAS(elsewhere) || FINFUZZ_HAS(run_elsewhere) || FINFUZZ_HAS(stop_elsewhere)
// Calls `function` under a new thread state, in a thread that has none.
template <typename Function>
void run_under_new_state(PyInterpreterState* interpreter, Function& function) {
    PyThreadState* mine = PyThreadState_New(interpreter);
    PyEval_AcquireThread(mine);
    function();
    PyThreadState_Clear(mine);
    PyThreadState_DeleteCurrent();
}

#endif
#if FINFUZZ_HAS(run_elsewhere)
// Calls `function` in that interpreter, from another thread.
template <typename Function>
bool run_from_thread(const Interpreter& there, Function function) {
    return run_on_another_thread([&] {
#if FINFUZZ_HAS(framework)
        if (there.handle) return run_by_framework(there, function);
#endif
        run_under_new_state(there.state, function);
    });
}

#endif
#if FINFUZZ_HAS(elsewhere)
// Calls a Python function without arguments in this interpreter, from another thread.
inline PyObject* call_from_thread(PyObject* callable) {
    PyInterpreterState* here = PyInterpreterState_Get();
    PyObject *result = nullptr, *type = nullptr, *value = nullptr, *traceback = nullptr;
    auto call = [&] {
        result = PyObject_CallNoArgs(callable);
        PyErr_Fetch(&type, &value, &traceback);
    };
    bool ran = run_on_another_thread([&] { run_under_new_state(here, call); });
    if (ran && result == nullptr) PyErr_Restore(type, value, traceback);
    return result;
}

#endif
#if FINFUZZ_HAS(stop_elsewhere)
// Replaces the interpreter's first thread state by one of this thread.
inline void take_over(Interpreter& taken) {
    PyThreadState* mine = PyThreadState_New(taken.state);
    PyThreadState* caller = PyThreadState_Swap(mine);
    PyThreadState_Clear(taken.first);
    PyThreadState_Delete(taken.first);
    PyThreadState_Swap(caller);
    taken.first = mine;
}

// Ends the interpreter from another thread.
inline bool stop_from_thread(Interpreter& ended) {
    PyInterpreterState* here = PyInterpreterState_Get();
    auto stop = [&] {
        if (ended.first) take_over(ended);
        stop_interpreter(ended);
    };
    return run_on_another_thread([&] { run_under_new_state(here, stop); });
}

#endif
}  // namespace finfuzz
