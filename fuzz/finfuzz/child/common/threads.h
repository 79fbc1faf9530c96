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

#include "places.h"
#include "reduced.h"
#if FINFUZZ_HAS(start) || FINFUZZ_HAS(tasks)
#    include "interpreters.h"
#endif
#if FINFUZZ_HAS(native)
#    include "native_thread.h"
#endif
#if FINFUZZ_HAS(with_gil)
#    include "framework.h"
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

#if FINFUZZ_HAS(apart)
// Calls `function` under a new thread state, in a thread that has none.
template <typename Function>
void run_under_new_state(PyInterpreterState* interpreter, Function& function) {
    PyThreadState* mine = PyThreadState_New(interpreter);
    PyEval_AcquireThread(mine);
    function();
    PyThreadState_Clear(mine);
    PyThreadState_DeleteCurrent();
}

#    if FINFUZZ_HAS(native)
template <typename Function>
void run_under_gil_state(Function& function) {
    PyGILState_STATE state = PyGILState_Ensure();
    function();
    PyGILState_Release(state);
}

// Calls `function` in the native thread, attached to the main interpreter: PyGILState knows no other.
template <typename Function>
void run_on_native_thread([[maybe_unused]] Place place, Function& function) {
    PyThreadState* caller = PyEval_SaveThread();
    get_native_thread().call([&] {
#        if !FINFUZZ_ALONE
        other_thread = pthread_self();
#        endif
#        if FINFUZZ_HAS(with_gil)
        if (place == kByFramework && framework.with_gil)
            call_through(framework.with_gil, function);
        else
#        endif
            run_under_gil_state(function);
#        if !FINFUZZ_ALONE
        other_thread = pthread_t{};
#        endif
    });
    PyEval_RestoreThread(caller);
}

#    endif
// Calls `function` at that place, in this interpreter. Returns false, with an exception set, where no
// thread can be started.
template <typename Function>
bool run_at([[maybe_unused]] Place place, Function function) {
#    if FINFUZZ_HAS(native)
    if (place != kElsewhere) {
        run_on_native_thread(place, function);
        return true;
    }
#    endif
    PyInterpreterState* here = PyInterpreterState_Get();
    return run_on_another_thread([&] { run_under_new_state(here, function); });
}

#endif
#if FINFUZZ_HAS(run_from_thread)
// Calls `function` in that interpreter, from another thread.
template <typename Function>
bool run_from_thread(const Interpreter& there, Function function) {
    return run_on_another_thread([&] {
#    if FINFUZZ_HAS(framework)
        if (there.handle) return run_by_framework(there, function);
#    endif
        run_under_new_state(there.state, function);
    });
}

#endif
#if FINFUZZ_HAS(call_at)
// Calls a Python function without arguments in this interpreter, at that place.
inline PyObject* call_at(Place place, PyObject* callable) {
    PyObject *result = nullptr, *type = nullptr, *value = nullptr, *traceback = nullptr;
    bool ran = run_at(place, [&] {
        result = PyObject_CallNoArgs(callable);
        PyErr_Fetch(&type, &value, &traceback);
    });
    if (ran && result == nullptr) PyErr_Restore(type, value, traceback);
    return result;
}

#endif
#if FINFUZZ_HAS(take_over)
// Replaces the interpreter's first thread state by one of this thread.
inline void take_over(Interpreter& taken) {
    PyThreadState* mine = PyThreadState_New(taken.state);
    PyThreadState* caller = PyThreadState_Swap(mine);
    PyThreadState_Clear(taken.first);
    PyThreadState_Delete(taken.first);
    PyThreadState_Swap(caller);
    taken.first = mine;
}

#endif
#if FINFUZZ_HAS(stop_at)
// Ends the interpreter from that place.
inline bool stop_at(Place place, Interpreter& ended) {
    return run_at(place, [&] {
        if (ended.first) take_over(ended);
        stop_interpreter(ended);
    });
}

#endif
}  // namespace finfuzz
