// What a finding's script needs from the C API and can't have from ctypes: calls that change the
// current thread state must be over, and have changed it back, when they return to Python.
//
//     c++ -std=c++17 -shared -fPIC $(python3-config --includes) capi.cpp -o capi.so
// Subinterpreters, each created, used and ended within one call from the main interpreter.
//
// Py_NewInterpreter and Py_EndInterpreter change the current thread state under the frame that calls
// them, so each function here swaps back before it returns. Since 3.12 PyThreadState_Swap also
// releases the one GIL and takes the other.

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

extern "C" {

// A new subinterpreter: 1 legacy, 2 isolated with a GIL of its own. Null if there can't be one.
PyThreadState *start(int flavour) { return finfuzz::start_interpreter(finfuzz::Flavour(flavour)); }

// Runs code in its __main__.
int run(PyThreadState *interpreter, const char *code) {
    return finfuzz::run_in_interpreter(interpreter, [code] { return PyRun_SimpleString(code); });
}

void stop(PyThreadState *interpreter) { finfuzz::stop_interpreter(interpreter); }

// Gives a reference to a global of its __main__ to nobody (how = 0), or to its state dict (1).
int keep(PyThreadState *interpreter, const char *name, const char *key, int how) {
    return finfuzz::run_in_interpreter(interpreter, [=] {
        PyObject *names = PyModule_GetDict(PyImport_AddModule("__main__"));
        PyObject *object = PyDict_GetItemString(names, name);
        if (!object) return -1;
        if (how == 1)
            return PyDict_SetItemString(PyInterpreterState_GetDict(PyInterpreterState_Get()), key, object);
        Py_INCREF(object);
        return 0;
    });
}

// Puts an object into the dict of a new static type, before PyType_Ready.
PyObject *hold_in_type(PyObject *object) {
    auto *type = new PyTypeObject{};
    Py_SET_REFCNT(reinterpret_cast<PyObject *>(type), 1);
    type->tp_name = "capi.Static";
    type->tp_basicsize = sizeof(PyObject);
    type->tp_flags = Py_TPFLAGS_DEFAULT;
    type->tp_dict = Py_BuildValue("{sO}", "held", object);
    if (!type->tp_dict || PyType_Ready(type) < 0) return nullptr;
    Py_RETURN_NONE;
}

}  // extern "C"
