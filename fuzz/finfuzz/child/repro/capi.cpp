// The C API for a finding's script. ctypes can't do this: a call that changes the current thread state
// must change it back before it returns to Python. And before 3.13 importing ctypes crashes in a
// second life of the interpreter.
#include <Python.h>

#include "../common/reduced.h"
#if FINFUZZ_HAS(request_script)
#    include "../common/debugger.h"
#endif
#if FINFUZZ_HAS(wake_thread)
#    include "../common/settling.h"
#endif
#if FINFUZZ_HAS(start)
#    include "../common/interpreters.h"
#endif
#if FINFUZZ_HAS(find_framework)
#    include "../common/framework.h"
#endif
#if FINFUZZ_HAS(another_thread)
#    include "../common/threads.h"
#endif
#if FINFUZZ_HAS(tasks)
#    include "../common/at_once.h"
#endif
#if FINFUZZ_HAS(again)
#    include "../native/lives.h"
#endif

namespace {

#if FINFUZZ_HAS(leak)
// Leaks a reference to `object`.
PyObject *leak(PyObject *, PyObject *object) {
    Py_INCREF(object);
    Py_RETURN_NONE;
}

#endif
#if FINFUZZ_HAS(interpreter_dict)
PyObject *interpreter_dict(PyObject *, PyObject *) {
    PyObject *dict = PyInterpreterState_GetDict(PyInterpreterState_Get());
    Py_XINCREF(dict);
    return dict ? dict : PyErr_NoMemory();
}

#endif
#if FINFUZZ_HAS(thread_dict)
PyObject *thread_dict(PyObject *, PyObject *) {
    PyObject *dict = PyThreadState_GetDict();
    Py_XINCREF(dict);
    return dict ? dict : PyErr_NoMemory();
}

#endif
#if FINFUZZ_HAS(request_script)
// request_script(path): as a debugger asks this thread to run that file.
PyObject *request_script(PyObject *, PyObject *path) {
    const char *text = PyUnicode_AsUTF8(path);
    if (!text || !finfuzz::request_script(text)) return nullptr;
    Py_RETURN_NONE;
}

#endif
// Functions for the __main__ of each subinterpreter too.
PyMethodDef offered[] = {
#if FINFUZZ_HAS(leak)
    {"leak", leak, METH_O, nullptr},
#endif
#if FINFUZZ_HAS(interpreter_dict)
    {"interpreter_dict", interpreter_dict, METH_NOARGS, nullptr},
#endif
#if FINFUZZ_HAS(thread_dict)
    {"thread_dict", thread_dict, METH_NOARGS, nullptr},
#endif
#if FINFUZZ_HAS(request_script)
    {"request_script", request_script, METH_O, nullptr},
#endif
#if FINFUZZ_HAS(wake_thread)
    {"wake_thread", finfuzz::wake_thread, METH_VARARGS, nullptr},
#endif
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

#include "interpreters.h"

namespace {

#if FINFUZZ_HAS(call_at)
// Calls a function in this interpreter from another thread. Returns its result.
template <finfuzz::Place place>
PyObject *call_at(PyObject *, PyObject *function) {
    return finfuzz::call_at(place, function);
}

#endif
#if FINFUZZ_HAS(at_once)
// Keeps the result of a call, or its exception, from one thread to another.
struct Result {
    PyObject *value = nullptr, *error[3] = {};
};

// at_once([(interpreter, code), (None, function), …]) -> their results, each from a thread of its own.
PyObject *at_once(PyObject *, PyObject *list) {
    std::vector<Result> results(size_t(PyList_GET_SIZE(list)));
    std::vector<finfuzz::Task> tasks;
    for (size_t index = 0; index < results.size(); ++index) {
        PyObject *handle, *what;
        if (!PyArg_ParseTuple(PyList_GET_ITEM(list, Py_ssize_t(index)), "OO", &handle, &what)) return nullptr;
        Result *result = &results[index];
        if (handle == Py_None) {
            tasks.push_back({nullptr, [result, what] {
                                 result->value = PyObject_CallNoArgs(what);
                                 PyErr_Fetch(&result->error[0], &result->error[1], &result->error[2]);
                             }});
            continue;
        }
        const char *code = PyUnicode_AsUTF8(what);
        if (!code) return nullptr;
        result->value = Py_None;
        Py_INCREF(Py_None);
        tasks.push_back({static_cast<finfuzz::Interpreter *>(PyLong_AsVoidPtr(handle)),
                         [code] { PyRun_SimpleString(code); }});
    }
    if (!finfuzz::run_at_once(tasks)) return nullptr;
    PyObject *values = PyList_New(0);
    for (Result &result : results) {
        if (result.value) {
            PyList_Append(values, result.value);
            Py_DECREF(result.value);
        } else {
            PyErr_Clear();  // of several exceptions the last one
            PyErr_Restore(result.error[0], result.error[1], result.error[2]);
        }
    }
    if (PyErr_Occurred()) Py_CLEAR(values);
    return values;
}

#endif
#if FINFUZZ_HAS(again)
PyObject *run_life(const std::string &code) {
    PyObject *names = PyModule_GetDict(PyImport_AddModule("__main__"));
    return PyRun_String(code.c_str(), Py_file_input, names, names);
}

// again(code): when this life is over, initializes Python once more and runs code in its __main__.
PyObject *again(PyObject *, PyObject *code) {
    const char *text = PyUnicode_AsUTF8(code);
    if (!text) return nullptr;
    if (!finfuzz::schedule_life(text, run_life)) return nullptr;
    Py_RETURN_NONE;
}

#endif
#if FINFUZZ_HAS(c_exit)
// Calls the C library's exit(0): static destructors run, Py_FinalizeEx does not.
PyObject *c_exit(PyObject *, PyObject *) { exit(0); }

#endif
#if FINFUZZ_HAS(thread_exit)
// Calls the C library's exit(0) in another thread while this one waits.
PyObject *thread_exit(PyObject *, PyObject *) {
    finfuzz::run_on_another_thread([] { exit(0); });
    return nullptr;
}

#endif
#if FINFUZZ_HAS(hold_in_type)
// hold_in_type(object): puts it into the dict of a new static type, before PyType_Ready.
PyObject *hold_in_type(PyObject *, PyObject *object) {
    auto *type = new PyTypeObject{};
    Py_SET_REFCNT(reinterpret_cast<PyObject *>(type), 1);
    type->tp_name = "capi.Static";
    type->tp_basicsize = sizeof(PyObject);
    type->tp_flags = Py_TPFLAGS_DEFAULT;
    type->tp_dict = Py_BuildValue("{sO}", "held", object);
    if (!type->tp_dict || PyType_Ready(type) < 0) return nullptr;
    Py_RETURN_NONE;
}

#endif
PyMethodDef functions[] = {
#if FINFUZZ_HAS(start)
    {"start", start_by<start_from<finfuzz::start_interpreter>>, METH_VARARGS, nullptr},
    {"run", run, METH_VARARGS, nullptr},
#endif
#if FINFUZZ_HAS(find_framework)
    {"find_framework", find_framework, METH_O, nullptr},
#endif
#if FINFUZZ_HAS(start_released)
    {"start_released", start_by<start_from<finfuzz::start_released>>, METH_VARARGS, nullptr},
#endif
#if FINFUZZ_HAS(start_elsewhere)
    {"start_elsewhere", start_by<start_at<finfuzz::kElsewhere>>, METH_VARARGS, nullptr},
#endif
#if FINFUZZ_HAS(start_native_gil_state)
    {"start_native_gil_state", start_by<start_at<finfuzz::kByGilState>>, METH_VARARGS, nullptr},
#endif
#if FINFUZZ_HAS(start_native_framework)
    {"start_native_framework", start_by<start_at<finfuzz::kByFramework>>, METH_VARARGS, nullptr},
#endif
#if FINFUZZ_HAS(at_once)
    {"at_once", at_once, METH_O, nullptr},
#endif
#if FINFUZZ_HAS(run_together)
    {"run_together", run_together, METH_VARARGS, nullptr},
#endif
#if FINFUZZ_HAS(stop_at_once)
    {"stop_at_once", stop_at_once, METH_O, nullptr},
#endif
#if FINFUZZ_HAS(run_elsewhere)
    {"run_elsewhere", run_elsewhere, METH_VARARGS, nullptr},
#endif
#if FINFUZZ_HAS(elsewhere)
    {"elsewhere", call_at<finfuzz::kElsewhere>, METH_O, nullptr},
#endif
#if FINFUZZ_HAS(native_gil_state)
    {"native_gil_state", call_at<finfuzz::kByGilState>, METH_O, nullptr},
#endif
#if FINFUZZ_HAS(native_framework)
    {"native_framework", call_at<finfuzz::kByFramework>, METH_O, nullptr},
#endif
#if FINFUZZ_HAS(stop)
    {"stop", stop, METH_O, nullptr},
#endif
#if FINFUZZ_HAS(stop_elsewhere)
    {"stop_elsewhere", stop_at<finfuzz::kElsewhere>, METH_O, nullptr},
#endif
#if FINFUZZ_HAS(stop_native_gil_state)
    {"stop_native_gil_state", stop_at<finfuzz::kByGilState>, METH_O, nullptr},
#endif
#if FINFUZZ_HAS(stop_native_framework)
    {"stop_native_framework", stop_at<finfuzz::kByFramework>, METH_O, nullptr},
#endif
#if FINFUZZ_HAS(again)
    {"again", again, METH_O, nullptr},
#endif
#if FINFUZZ_HAS(c_exit)
    {"c_exit", c_exit, METH_NOARGS, nullptr},
#endif
#if FINFUZZ_HAS(thread_exit)
    {"thread_exit", thread_exit, METH_NOARGS, nullptr},
#endif
#if FINFUZZ_HAS(hold_in_type)
    {"hold_in_type", hold_in_type, METH_O, nullptr},
#endif
    {nullptr, nullptr, 0, nullptr},
};

int add_functions(PyObject *module) { return PyModule_AddFunctions(module, offered); }

PyModuleDef_Slot slots[] = {
    {Py_mod_exec, reinterpret_cast<void *>(add_functions)},
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, nullptr},
};

PyModuleDef definition = {PyModuleDef_HEAD_INIT, "capi", nullptr, 0,      functions,
                          slots,                 nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit_capi() { return PyModuleDef_Init(&definition); }
