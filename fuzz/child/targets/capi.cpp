// What a finding's script needs from the C API and can't have from ctypes: calls that change the
// current thread state must be over, and have changed it back, when they return to Python.
//
//     c++ -std=c++17 -shared -fPIC $(python3-config --includes) capi.cpp -o capi.so
#include "../runtime/interpreters.h"

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
