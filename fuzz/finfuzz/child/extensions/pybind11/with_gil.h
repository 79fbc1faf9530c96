// For the runtime, not for Python: how pybind11 attaches a thread that CPython did not make.
#pragma once

#include "core.h"

extern "C" PYBIND11_EXPORT int finfuzz_with_gil(int (*function)(void *), void *argument) {
    py::gil_scoped_acquire taken;
    return function(argument);
}
