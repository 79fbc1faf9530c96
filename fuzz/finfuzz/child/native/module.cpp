// The module `runtime`, whose functions the driver calls. An extension module with multi-phase
// initialization, loaded by its path: neither sys.modules nor CPython's table of extensions has it.
#include <Python.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "../common/probe.h"
#include "../common/debugger.h"
#include "../common/framework.h"
#include "../common/interpreters.h"
#include "../common/settling.h"
#include "gate.h"
#include "module.h"
#include "shared.h"
#include "zygote.h"

namespace finfuzz {

static PyObject* attach(PyObject*, PyObject* args) {
    int file;
    if (!PyArg_ParseTuple(args, "i", &file)) return nullptr;
    struct stat facts;
    if (fstat(file, &facts) < 0) return PyErr_SetFromErrno(PyExc_OSError);
    auto* candidate = map_privately(file, size_t(facts.st_size));
    if (candidate == nullptr) return PyErr_SetFromErrno(PyExc_OSError);
    if (candidate->layout != kLayout || candidate->size != sizeof(Shared)) {
        PyErr_Format(PyExc_RuntimeError, "shared memory laid out as %u/%u, this runtime has %u/%u",
                     candidate->layout, candidate->size, kLayout, unsigned(sizeof(Shared)));
        return nullptr;
    }
    shared = candidate;
    prepare_crash_handler();
    prepare_forks();
    prepare_gate();
    if (!prepare_codes() || !observe_life_end()) return nullptr;
    Py_RETURN_NONE;
}

static int linked = 0;  // number of extensions

// Links the next extension without importing it, and gives it its counters. The linker works once
// for each zygote, while every import stays a step of the program.
static PyObject* link_extension(PyObject*, PyObject* args) {
    const char* path;
    if (!PyArg_ParseTuple(args, "s", &path)) return nullptr;
    void* handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    auto* entry = handle ? dlsym(handle, "finfuzz_attach") : nullptr;
    if (entry == nullptr) {
        PyErr_Format(PyExc_ImportError, "%s: %s", path, dlerror());
        return nullptr;
    }
    auto* internals = reinterpret_cast<const char* (*)()>(dlsym(handle, "finfuzz_internals"));
    auto* table = make_probe_table(linked > 0, internals ? internals() : "");
    reinterpret_cast<void (*)(const Probe*)>(entry)(table);
    find_framework(handle);
    ++linked;
    Py_RETURN_NONE;
}

static PyObject* has_second(PyObject*, PyObject*) { return PyBool_FromLong(linked > 1); }

// count_wrong_answer(line): a self-check has printed this line on standard error.
static PyObject* count_wrong_answer(PyObject*, PyObject*) {
    ++shared->facts.wrong_answers;
    Py_RETURN_NONE;
}

// counted(act, raises): calls `act`, and counts for the step being taken how often it was performed to
// its end. `raises`: so an exception is. No code of Python's: at the end that might not run.
static PyObject* call_counted(PyObject* self, PyObject* args) {
    PyObject* act;
    unsigned step;
    int raises;
    if (!PyArg_ParseTuple(self, "OIp", &act, &step, &raises)) return nullptr;
    Py_INCREF(self);  // the caller may have only borrowed what is called
    PyObject* result = PyObject_Call(act, args, nullptr);
    if (result || raises) count_performed(step);
    Py_DECREF(self);
    return result;
}

static PyMethodDef counted_definition = {"counted", call_counted, METH_VARARGS, nullptr};

static PyObject* counted(PyObject*, PyObject* args) {
    PyObject *act, *raises;
    if (!PyArg_ParseTuple(args, "OO", &act, &raises)) return nullptr;
    PyObject* what = Py_BuildValue("(OIO)", act, shared->facts.step, raises);
    PyObject* made = what ? PyCFunction_New(&counted_definition, what) : nullptr;
    Py_XDECREF(what);
    return made;
}

// note_gil(): the steps are over, and this free-threaded CPython has turned its GIL on.
static PyObject* note_gil(PyObject*, PyObject*) {
    shared->facts.gil_came_on = 1;
    Py_RETURN_NONE;
}

static PyObject* serve_programs(PyObject*, PyObject* args) {
    int request_fd, response_fd, stderr_fd;
    if (!PyArg_ParseTuple(args, "iii", &request_fd, &response_fd, &stderr_fd)) return nullptr;
    return PyBool_FromLong(serve(request_fd, response_fd, stderr_fd) == kProgram);
}

static PyObject* begin_fresh(PyObject*, PyObject*) {
    share();
    become_child(-1);
    enable_peak_recording();
    count_cpython_blocks();
    begin_first_life();
    Py_RETURN_NONE;
}

static PyObject* begin_zygote(PyObject*, PyObject*) {
    forget_other_programs();
    begin_first_life();
    Py_RETURN_NONE;
}

static PyObject* get_program(PyObject*, PyObject*) {
    return PyUnicode_FromStringAndSize(shared->program, shared->program_length);
}

static PyObject* set_step(PyObject*, PyObject* number) {
    shared->facts.step = uint32_t(PyLong_AsUnsignedLong(number));
    Py_RETURN_NONE;
}

static PyObject* get_step(PyObject*, PyObject*) {
    return PyLong_FromUnsignedLong(shared->facts.step);
}

static PyObject* count_step(PyObject*, PyObject* what) {
    ++shared->facts.took[PyLong_AsUnsignedLong(what) % 3];
    gate_new_objects();   // an extension may have loaded libraries itself
    find_current_life();  // a pool's interpreter may have been the last one to run code of ours
    Py_RETURN_NONE;
}

static PyObject* interpreter_dict(PyObject*, PyObject*) {
    PyObject* dict = PyInterpreterState_GetDict(PyInterpreterState_Get());
    Py_XINCREF(dict);
    return dict ? dict : PyErr_NoMemory();
}

static PyObject* thread_dict(PyObject*, PyObject*) {
    PyObject* dict = PyThreadState_GetDict();
    Py_XINCREF(dict);
    return dict ? dict : PyErr_NoMemory();
}

static PyObject* leak(PyObject*, PyObject* object) {
    Py_INCREF(object);
    Py_RETURN_NONE;
}

// Puts `object` into the dict of a new static type. The C API allows this by one means only: a dict
// handed to PyType_Ready. Such a type is never freed, so each call takes a new one.
static PyObject* hold_in_type(PyObject*, PyObject* object) {
    auto* type = new PyTypeObject{};
    Py_SET_REFCNT(reinterpret_cast<PyObject*>(type), 1);
    type->tp_name = "finfuzz.Static";
    type->tp_basicsize = sizeof(PyObject);
    type->tp_flags = Py_TPFLAGS_DEFAULT;
    type->tp_dict = Py_BuildValue("{sO}", "held", object);
    if (type->tp_dict == nullptr || PyType_Ready(type) < 0) return nullptr;
    Py_RETURN_NONE;
}

// request_script(path): as a debugger asks this thread to run that file.
static PyObject* request_script_here(PyObject*, PyObject* path) {
    const char* text = PyUnicode_AsUTF8(path);
    if (text == nullptr || !request_script(text)) return nullptr;
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"attach", attach, METH_VARARGS, nullptr},
    {"link_extension", link_extension, METH_VARARGS, nullptr},
    {"has_second", has_second, METH_NOARGS, nullptr},
    {"count_wrong_answer", count_wrong_answer, METH_O, nullptr},
    {"counted", counted, METH_VARARGS, nullptr},
    {"note_gil", note_gil, METH_NOARGS, nullptr},
    {"gate", gate, METH_VARARGS, nullptr},
    {"serve", serve_programs, METH_VARARGS, nullptr},
    {"begin_fresh", begin_fresh, METH_NOARGS, nullptr},
    {"begin_zygote", begin_zygote, METH_NOARGS, nullptr},
    {"get_program", get_program, METH_NOARGS, nullptr},
    {"set_step", set_step, METH_O, nullptr},
    {"get_step", get_step, METH_NOARGS, nullptr},
    {"count_step", count_step, METH_O, nullptr},
    {"keep_code", keep_code, METH_VARARGS, nullptr},
    {"get_code", get_code, METH_O, nullptr},
    {"start", start, METH_VARARGS, nullptr},
    {"call", call, METH_VARARGS, nullptr},
    {"run", run, METH_VARARGS, nullptr},
    {"run_at_once", run_at_once, METH_O, nullptr},
    {"stop", stop, METH_VARARGS, nullptr},
    {"stop_at_once", stop_at_once, METH_O, nullptr},
    {"leave", leave, METH_O, nullptr},
    {"live_again", live_again, METH_O, nullptr},
    {"follow", follow, METH_O, nullptr},
    {"c_exit", c_exit, METH_NOARGS, nullptr},
    {"thread_exit", thread_exit, METH_NOARGS, nullptr},
    {"interpreter_dict", interpreter_dict, METH_NOARGS, nullptr},
    {"thread_dict", thread_dict, METH_NOARGS, nullptr},
    {"leak", leak, METH_O, nullptr},
    {"hold_in_type", hold_in_type, METH_O, nullptr},
    {"request_script", request_script_here, METH_O, nullptr},
    {"wake_thread", wake_thread, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyObject* new_module() {
    PyObject* module = PyModule_New("runtime");
    if (module && PyModule_AddFunctions(module, functions) < 0) Py_CLEAR(module);
    return module;
}

}  // namespace finfuzz

static PyObject* create(PyObject*, PyModuleDef*) { return finfuzz::new_module(); }

// Without Py_mod_gil a free-threaded CPython would turn its GIL on, for good and for every program.
static PyModuleDef_Slot slots[] = {
    {Py_mod_create, reinterpret_cast<void*>(create)},
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, nullptr},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "finfuzz_runtime", nullptr, 0, nullptr, slots, nullptr, nullptr, nullptr,
};

PyMODINIT_FUNC PyInit_finfuzz_runtime() { return PyModuleDef_Init(&definition); }
