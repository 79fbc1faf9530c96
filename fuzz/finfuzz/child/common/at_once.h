// Functions that several threads call at once: in one interpreter, or each in another.
#pragma once

#include <Python.h>

#include <functional>
#include <future>
#include <thread>
#include <vector>

#include "threads.h"

namespace finfuzz {

// `there`: the interpreter to call the function in; null: the one of the caller.
struct Task {
    const Interpreter* there;
    std::function<void()> function;
};

// Sets how long a thread keeps the GIL that another one waits for: at 5 ms, the default, most steps are
// over before the next thread has its turn.
inline void set_switch_interval(double seconds) {
    PyObject* set = PySys_GetObject("setswitchinterval");  // borrowed
    PyObject* result = set ? PyObject_CallFunction(set, "d", seconds) : nullptr;
    Py_XDECREF(result);
    PyErr_Clear();
}

inline void run_task(const Task& task, PyInterpreterState* here) {
    auto call = [&task] {
        set_switch_interval(1e-6);
        task.function();
        set_switch_interval(5e-3);
    };
#if FINFUZZ_HAS(framework)
    if (task.there && task.there->handle) return run_by_framework(*task.there, call);
#endif
    run_under_new_state(task.there ? task.there->state : here, call);
}

// Has a thread call each function; they begin together, and this one waits without the GIL. Each
// thread deletes its thread state before it ends. Returns false, with an exception set, where a thread
// can't be started.
inline bool run_at_once(const std::vector<Task>& tasks) {
    PyInterpreterState* here = PyInterpreterState_Get();
    PyThreadState* caller = PyEval_SaveThread();
    std::promise<void> begin;
    std::shared_future<void> begun = begin.get_future().share();
    std::vector<std::thread> threads;
    bool ran = true;
    try {
        for (const Task& task : tasks)
            threads.emplace_back([&task, begun, here] {
                begun.wait();
#if FINFUZZ_ALONE
                run_task(task, here);
#else
                pthread_t self = pthread_self();
                other_thread = self;
                run_task(task, here);
                other_thread.compare_exchange_strong(self, pthread_t{});
#endif
            });
    } catch (const std::system_error&) {
        ran = false;
    }
    begin.set_value();
    for (std::thread& thread : threads) thread.join();
    PyEval_RestoreThread(caller);
    if (!ran) PyErr_SetString(PyExc_RuntimeError, "can't start a thread");
    return ran;
}

#if FINFUZZ_HAS(stop_at_once)
// Ends interpreters, each from a thread of its own: what they do with a GIL of their own is parallel.
inline bool stop_at_once(const std::vector<Interpreter*>& ended) {
    std::vector<Task> tasks;
    for (Interpreter* one : ended)
        tasks.push_back({nullptr, [one] {
                             if (one->first) take_over(*one);
                             stop_interpreter(*one);
                         }});
    return run_at_once(tasks);
}

#endif
}  // namespace finfuzz
