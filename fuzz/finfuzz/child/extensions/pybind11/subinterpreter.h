// For the runtime, not for Python: subinterpreters as pybind11 makes, enters and ends them.
#pragma once

#include "core.h"
#if FINFUZZ_HAS(throw_out)
#    include <stdexcept>

#    include "leaving.h"
#endif

#ifdef PYBIND11_HAS_SUBINTERPRETER_SUPPORT
#    include <pybind11/subinterpreter.h>

// Null where there can't be one.
extern "C" PYBIND11_EXPORT void *finfuzz_create_subinterpreter() {
    try {
        return new py::subinterpreter(py::subinterpreter::create());
    } catch (const std::exception &) {
        return nullptr;
    }
}

#    if FINFUZZ_HAS(start_released)
extern "C" PYBIND11_EXPORT void *finfuzz_create_subinterpreter_released() {
    py::gil_scoped_release released;
    return finfuzz_create_subinterpreter();
}

#    endif
extern "C" PYBIND11_EXPORT int finfuzz_in_subinterpreter(void *handle, int (*function)(void *),
                                                         void *argument) {
#    if FINFUZZ_HAS(throw_out)
    throws_out = false;
    try {
        py::subinterpreter_scoped_activate active(*static_cast<py::subinterpreter *>(handle));
        int result = function(argument);
        if (!throws_out) return result;
        throw std::runtime_error("an exception of C++ leaves the interpreter");
    } catch (const std::runtime_error &) {
        return 0;
    }
#    else
    py::subinterpreter_scoped_activate active(*static_cast<py::subinterpreter *>(handle));
    return function(argument);
#    endif
}

extern "C" PYBIND11_EXPORT void finfuzz_end_subinterpreter(void *handle) {
    delete static_cast<py::subinterpreter *>(handle);
}
#endif
