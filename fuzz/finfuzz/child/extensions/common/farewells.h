// What runs when Python is over: functions of Py_AtExit, destructors of statics and thread-locals.
//
// No Python API may be called there, so all that they do is look at memory of C++.
#pragma once

#include <Python.h>

#include <list>
#include <vector>

#include "../../common/probe.h"

namespace {

#if FINFUZZ_HAS(at_py_atexit)
#    if !FINFUZZ_ALONE
// Of the functions that are registered: CPython calls the last one first. Never freed, since it may be
// used after the C library has begun to destroy statics (`exit c-exit`).
std::vector<finfuzz::Setter> &setters = *new std::vector<finfuzz::Setter>;

#    endif
// False when all the process's places are taken (32 in CPython).
bool at_py_atexit() {
    auto farewell = [] {
        FINFUZZ_EVENT(finfuzz::kHookPyAtExit);
#    if !FINFUZZ_ALONE
        setters.back().count();
        setters.pop_back();
#    endif
    };
    FINFUZZ_SETTER(setter);
    FINFUZZ_SET(setter);
    if (Py_AtExit(farewell) != 0) return false;
#    if !FINFUZZ_ALONE
    setters.push_back(setter);
#    endif
    return true;
}

#endif
#if FINFUZZ_HAS(at_static_destructor)
struct StaticFarewell {
    bool said = false;
    FINFUZZ_SETTER(setter);

    ~StaticFarewell() {
        said = true;
        FINFUZZ_EVENT(finfuzz::kHookStaticDestructor);
        FINFUZZ_PERFORMED(setter);
    }
};

void at_static_destructor() {
    static std::list<StaticFarewell> farewells;
    farewells.emplace_back();
    FINFUZZ_SET(farewells.back().setter);
}

#endif
#if FINFUZZ_HAS(at_thread_local_destructor)
struct ThreadLocalFarewell {
    bool said = false;
    FINFUZZ_SETTER(setter);

    ~ThreadLocalFarewell() {
        said = true;
        FINFUZZ_EVENT(finfuzz::kHookThreadLocalDestructor);
        FINFUZZ_PERFORMED(setter);
    }
};

void at_thread_local_destructor() {
    thread_local std::list<ThreadLocalFarewell> farewells;
    farewells.emplace_back();
    FINFUZZ_SET(farewells.back().setter);
}

#endif
}  // namespace
