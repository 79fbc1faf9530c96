// What runs when Python is over: functions of Py_AtExit, destructors of statics and thread-locals.
//
// No Python API may be called there, so all that they do is look at memory of C++.
#pragma once

#include <Python.h>

#include <list>

#include "probe.h"

namespace {

class Farewell {
public:
    explicit Farewell(finfuzz::Hook hook) : hook_(hook) {}
    Farewell(const Farewell &) = delete;
    ~Farewell() { finfuzz::event(hook_); }

private:
    finfuzz::Hook hook_;
};

// False when all the process's places are taken (32 in CPython).
bool at_py_atexit() {
    return Py_AtExit([] { Farewell farewell(finfuzz::kHookPyAtExit); }) == 0;
}

void at_static_destructor() {
    static std::list<Farewell> farewells;
    farewells.emplace_back(finfuzz::kHookStaticDestructor);
}

void at_thread_local_destructor() {
    thread_local std::list<Farewell> farewells;
    farewells.emplace_back(finfuzz::kHookThreadLocalDestructor);
}

}  // namespace
