// The places where a step can run, as the prefixes of the language name them.
#pragma once

#include <Python.h>

#include <cstring>

#include "reduced.h"

namespace finfuzz {

enum Place {
    kHere,         // in this thread
    kElsewhere,    // in a fresh thread, under a thread state created by hand
    kByGilState,   // in the native thread, attached by PyGILState_Ensure
    kByFramework,  // in the native thread, attached by the framework
    kReleased,     // in this thread, without a thread state
};

#if !FINFUZZ_ALONE
constexpr const char* kPlaces[] = {"", "elsewhere", "native gil-state", "native framework", "released"};

// Finds a place by its prefix. Returns false, with an exception set, if there is none.
inline bool find_place(const char* prefix, Place& found) {
    int number = 0;
    for (const char* place : kPlaces) {
        found = Place(number++);
        if (std::strcmp(place, prefix) == 0) return true;
    }
    PyErr_Format(PyExc_ValueError, "no place %s", prefix);
    return false;
}

#endif
}  // namespace finfuzz
