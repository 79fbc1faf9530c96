// Subinterpreters for a finding's script, as functions of the module capi.
#pragma once

namespace {

#if FINFUZZ_HAS(find_framework)
// find_framework(extension): finds what the extension exports for this module.
PyObject *find_framework(PyObject *, PyObject *extension) {
    const char *path = PyUnicode_AsUTF8(extension);
    if (!path) return nullptr;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return PyErr_Format(PyExc_ImportError, "%s", dlerror());
    finfuzz::find_framework(handle);
    Py_RETURN_NONE;
}

#endif
#if FINFUZZ_HAS(start)
using finfuzz::Interpreter;

using Start = bool (*)(Interpreter &);

template <Start start_it>
bool start_here(Interpreter &made) {
    if (!start_it(made)) return false;
    finfuzz::run_in_interpreter(
        made, [] { PyModule_AddFunctions(PyImport_AddModule("__main__"), offered); });
    return true;
}

template <Start start_it>
bool start_from(Interpreter *parent, Interpreter &made) {
    if (!parent) return start_here<start_it>(made);
    bool started = false;
    finfuzz::run_in_interpreter(*parent, [&] { started = start_here<start_it>(made); });
    return started;
}

#    if FINFUZZ_HAS(start_at)
template <finfuzz::Place place>
bool start_at([[maybe_unused]] Interpreter *parent, Interpreter &made) {
    bool started = false;
    auto start = [&] { started = start_here<finfuzz::start_interpreter>(made); };
#        if FINFUZZ_HAS(run_from_thread)
    if (!(parent ? finfuzz::run_from_thread(*parent, start) : finfuzz::run_at(place, start)))
        return false;
#        else
    if (!finfuzz::run_at(place, start)) return false;
#        endif
    if (started && made.first) finfuzz::take_over(made);
    return started;
}

#    endif
// A new subinterpreter for the arguments (parent, flavour), created from `parent` or from the current one.
template <bool (*start_it)(Interpreter *, Interpreter &)>
PyObject *start_by(PyObject *, PyObject *args) {
    PyObject *parent;
    const char *name;
    finfuzz::Flavour flavour;
    if (!PyArg_ParseTuple(args, "Os", &parent, &name) || !finfuzz::find_flavour(name, flavour))
        return nullptr;
    auto *made = new Interpreter{flavour};
    void *from = parent == Py_None ? nullptr : PyLong_AsVoidPtr(parent);
    if (start_it(static_cast<Interpreter *>(from), *made)) return PyLong_FromVoidPtr(made);
    delete made;
    return PyErr_Format(PyExc_RuntimeError, "this CPython can't start such an interpreter");
}

bool parse(PyObject *args, Interpreter *&interpreter, const char *&code) {
    PyObject *handle;
    if (!PyArg_ParseTuple(args, "Os", &handle, &code)) return false;
    interpreter = static_cast<Interpreter *>(PyLong_AsVoidPtr(handle));
    return interpreter != nullptr;
}

// run(interpreter, code): runs code in its __main__ and prints an exception.
PyObject *run(PyObject *, PyObject *args) {
    Interpreter *interpreter;
    const char *code;
    if (!parse(args, interpreter, code)) return nullptr;
    finfuzz::run_in_interpreter(*interpreter, [code] { PyRun_SimpleString(code); });
    Py_RETURN_NONE;
}

#    if FINFUZZ_HAS(run_elsewhere)
// run_elsewhere(interpreter, code): the same from another thread, under a new thread state.
PyObject *run_elsewhere(PyObject *, PyObject *args) {
    Interpreter *interpreter;
    const char *code;
    if (!parse(args, interpreter, code)) return nullptr;
    if (!finfuzz::run_from_thread(*interpreter, [code] { PyRun_SimpleString(code); })) return nullptr;
    Py_RETURN_NONE;
}

#    endif
#    if FINFUZZ_HAS(run_together)
// run_together(interpreter, code): four threads run it at once.
PyObject *run_together(PyObject *, PyObject *args) {
    Interpreter *interpreter;
    const char *code;
    if (!parse(args, interpreter, code)) return nullptr;
    std::vector<finfuzz::Task> tasks(4, {interpreter, [code] { PyRun_SimpleString(code); }});
    if (!finfuzz::run_at_once(tasks)) return nullptr;
    Py_RETURN_NONE;
}

#    endif
#    if FINFUZZ_HAS(stop_at_once)
// stop_at_once([interpreter, …]): ends each from a thread of its own.
PyObject *stop_at_once(PyObject *, PyObject *handles) {
    std::vector<Interpreter *> ended;
    for (Py_ssize_t index = 0; index < PyList_GET_SIZE(handles); ++index)
        ended.push_back(static_cast<Interpreter *>(PyLong_AsVoidPtr(PyList_GET_ITEM(handles, index))));
    if (!finfuzz::stop_at_once(ended)) return nullptr;
    Py_RETURN_NONE;
}

#    endif
#    if FINFUZZ_HAS(stop)
PyObject *stop(PyObject *, PyObject *handle) {
    finfuzz::stop_interpreter(*static_cast<Interpreter *>(PyLong_AsVoidPtr(handle)));
    if (PyErr_Occurred()) return nullptr;
    Py_RETURN_NONE;
}

#    endif
#    if FINFUZZ_HAS(stop_at)
// Ends the interpreter from another thread.
template <finfuzz::Place place>
PyObject *stop_at(PyObject *, PyObject *handle) {
    if (!finfuzz::stop_at(place, *static_cast<Interpreter *>(PyLong_AsVoidPtr(handle))))
        return nullptr;
    Py_RETURN_NONE;
}

#    endif
#endif
}  // namespace
