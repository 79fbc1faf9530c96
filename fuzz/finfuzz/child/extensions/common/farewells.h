// What runs when Python is over: functions of Py_AtExit, destructors of statics and thread-locals.
//
// No Python API may be called there, so all that they do is look at memory of C++.
#pragma once

#include <Python.h>

#include <list>

#include "../../common/probe.h"

namespace {

#if FINFUZZ_HAS(at_py_atexit)
// False when all the process's places are taken (32 in CPython).
bool at_py_atexit() {
    auto farewell = [] {
        FINFUZZ_EVENT(finfuzz::kHookPyAtExit);
    };
    return Py_AtExit(farewell) == 0;
}

#endif
#if FINFUZZ_HAS(at_static_destructor)
struct StaticFarewell {
    bool said = false;

    ~StaticFarewell() {
        said = true;
        FINFUZZ_EVENT(finfuzz::kHookStaticDestructor);
    }
};

void at_static_destructor() {
    static std::list<StaticFarewell> farewells;
    farewells.emplace_back();
}

#endif
#if FINFUZZ_HAS(at_thread_local_destructor)
struct ThreadLocalFarewell {
    bool said = false;

    ~ThreadLocalFarewell() {
        said = true;
        FINFUZZ_EVENT(finfuzz::kHookThreadLocalDestructor);
    }
};

void at_thread_local_destructor() {
    thread_local std::list<ThreadLocalFarewell> farewells;
    farewells.emplace_back();
}

#endif
}  // namespace
