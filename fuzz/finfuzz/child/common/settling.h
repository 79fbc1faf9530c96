// Waiting for a thread that can't tell that it is done with Python.
//
// A thread that asks for the GIL of a finalizing Python is ended there or, since 3.13.8 and 3.14, hangs
// for good (gh-87135). Both are legal, but only before Py_FinalizeEx returns. So whoever wakes such a
// thread waits until the kernel says that the thread is gone or sleeps again. No time is long enough
// instead: on a busy machine the thread may come any time later.
#pragma once

#include <Python.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "reduced.h"

namespace finfuzz {

struct Sleep {
    bool gone, asleep;
    unsigned long times;  // how often the thread has gone to sleep so far
};

// Reads it without memory from the heap. A thread of another process, or no /proc: gone. No backslash:
// in a Cython source this is part of a string.
inline Sleep read_sleep(pid_t thread) {
    char text[4096];
    std::snprintf(text, sizeof text, "/proc/self/task/%d/status", int(thread));
    int file = open(text, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0) close(file);
    if (length <= 0) return {true, true, 0};
    text[length] = 0;
    const char* state = std::strstr(text, "State:");
    const char* times = std::strstr(text, "voluntary_ctxt_switches:");  // before the nonvoluntary ones
    if (state == nullptr || times == nullptr) return {true, true, 0};
    return {false, state[7] == 'S', std::strtoul(times + 24, nullptr, 10)};
}

// Waits until the thread is gone, or asleep after more than `times` sleeps. It is asleep when two looks
// in a row see the same sleep: one look may see it wait for a mutex on its way.
inline void wait_until_settled(pid_t thread, unsigned long times) {
    unsigned long seen = 0;
    for (;;) {
        Sleep now = read_sleep(thread);
        if (now.gone) return;
        if (now.asleep && now.times > times) {
            if (seen == now.times) return;
            seen = now.times;
        }
        usleep(100);
    }
}

#if FINFUZZ_HAS(wake_thread)
// wake_thread(thread, wake): calls `wake`, which lets the thread of that kernel id run on, and waits
// without the GIL until the thread has ended or sleeps again.
inline PyObject* wake_thread(PyObject*, PyObject* args) {
    int thread;
    PyObject* wake;
    if (!PyArg_ParseTuple(args, "iO", &thread, &wake)) return nullptr;
    unsigned long times = read_sleep(thread).times;
    PyObject* result = PyObject_CallObject(wake, nullptr);
    if (result == nullptr) return nullptr;
    PyThreadState* caller = PyEval_SaveThread();
    wait_until_settled(thread, times);
    PyEval_RestoreThread(caller);
    return result;
}

#endif
}  // namespace finfuzz
