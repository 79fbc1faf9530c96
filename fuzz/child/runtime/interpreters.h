// Subinterpreters, each created, used and ended within one call from the main interpreter.
//
// Py_NewInterpreter and Py_EndInterpreter change the current thread state under the frame that calls
// them, so each function here swaps back before it returns. Since 3.12 PyThreadState_Swap also
// releases the one GIL and takes the other.
#pragma once

#include <Python.h>

namespace finfuzz {

enum Flavour { kLegacy = 1, kIsolated = 2 };

// Creates one and swaps back. Null where this CPython has no such interpreter or can't make one.
inline PyThreadState* start_interpreter(Flavour flavour) {
    PyThreadState* caller = PyThreadState_Get();
    PyThreadState* created = nullptr;
    if (flavour == kLegacy) {
        created = Py_NewInterpreter();
    } else {
#if PY_VERSION_HEX >= 0x030C0000
        PyInterpreterConfig config{};
        config.allow_threads = 1;
        config.check_multi_interp_extensions = 1;
        config.gil = PyInterpreterConfig_OWN_GIL;
        PyStatus status = Py_NewInterpreterFromConfig(&created, &config);
        if (PyStatus_Exception(status)) created = nullptr;
#endif
    }
    PyThreadState_Swap(caller);
    return created;
}

// Ends it and swaps back. Legal because no thread but this one ever had a state in it, and no frame
// of it is running.
inline void stop_interpreter(PyThreadState* created) {
    PyThreadState* caller = PyThreadState_Swap(created);
    Py_EndInterpreter(created);
    PyThreadState_Swap(caller);
}

// Calls `function` in that interpreter and swaps back.
template <typename Function>
auto run_in_interpreter(PyThreadState* created, Function function) {
    PyThreadState* caller = PyThreadState_Swap(created);
    auto result = function();
    PyThreadState_Swap(caller);
    return result;
}

}  // namespace finfuzz
