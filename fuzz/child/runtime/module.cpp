// The functions that the driver calls. finfuzz_runtime is called once through ctypes; the module that
// it returns has ordinary built-in functions, so that ctypes itself (0.5 to 0.7 ms of every child's
// finalization) can be let go before the first fork.
#include <Python.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <marshal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "../targets/probe.h"
#include "interpreters.h"
#include "shared.h"
#include "zygote.h"

namespace finfuzz {

struct Slot {
    PyThreadState* thread_state;  // null once ended
    PyObject* names;              // the dict of __main__ in that interpreter, with the driver in it
    uint32_t life;
};

static std::vector<Slot> slots;
static std::string driver_code;  // marshalled, for the subinterpreters

static PyObject* new_module();

static PyObject* attach(PyObject*, PyObject* args) {
    int file;
    if (!PyArg_ParseTuple(args, "i", &file)) return nullptr;
    struct stat facts;
    if (fstat(file, &facts) < 0) return PyErr_SetFromErrno(PyExc_OSError);
    void* mapping = mmap(nullptr, size_t(facts.st_size), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapping == MAP_FAILED) return PyErr_SetFromErrno(PyExc_OSError);
    auto* candidate = static_cast<Shared*>(mapping);
    if (candidate->layout != kLayout || candidate->size != sizeof(Shared)) {
        PyErr_Format(PyExc_RuntimeError, "shared memory laid out as %u/%u, this runtime has %u/%u",
                     candidate->layout, candidate->size, kLayout, unsigned(sizeof(Shared)));
        return nullptr;
    }
    shared = candidate;
    prepare_crash_handler();
    // Runs last of all in Py_FinalizeEx; what comes after it are static destructors.
    auto last = [] {
        observe_progress(kExited);
        record_peak();
    };
    if (Py_AtExit(last) < 0) {
        PyErr_SetString(PyExc_RuntimeError, "no room left for an exit function");
        return nullptr;
    }
    Py_RETURN_NONE;
}

// Links the extension without importing it, and gives it its counters: the linker's work is done
// once per zygote, while every import stays a step of the program.
static PyObject* link_extension(PyObject*, PyObject* args) {
    const char* path;
    if (!PyArg_ParseTuple(args, "s", &path)) return nullptr;
    void* handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    auto* entry = handle ? dlsym(handle, "finfuzz_attach") : nullptr;
    if (entry == nullptr) {
        PyErr_Format(PyExc_ImportError, "%s: %s", path, dlerror());
        return nullptr;
    }
    reinterpret_cast<void (*)(const Probe*)>(entry)(probe_table());
    Py_RETURN_NONE;
}

static PyObject* serve_programs(PyObject*, PyObject* args) {
    int request_fd, response_fd, stderr_fd;
    if (!PyArg_ParseTuple(args, "iii", &request_fd, &response_fd, &stderr_fd)) return nullptr;
    return PyBool_FromLong(serve(request_fd, response_fd, stderr_fd) == kProgram);
}

static PyObject* begin_fresh(PyObject*, PyObject*) {
    become_child(-1);
    Py_RETURN_NONE;
}

static PyObject* program(PyObject*, PyObject*) {
    return PyUnicode_FromStringAndSize(shared->program, shared->program_length);
}

static PyObject* abuse(PyObject*, PyObject*) { return PyBool_FromLong(shared->abuse != 0); }

static PyObject* step(PyObject*, PyObject* number) {
    shared->facts.step = uint32_t(PyLong_AsUnsignedLong(number));
    Py_RETURN_NONE;
}

static PyObject* took(PyObject*, PyObject* what) {
    ++shared->facts.took[PyLong_AsUnsignedLong(what) % 3];
    Py_RETURN_NONE;
}

static PyObject* set_driver_code(PyObject*, PyObject* bytes) {
    char* data;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(bytes, &data, &length) < 0) return nullptr;
    driver_code.assign(data, size_t(length));
    Py_RETURN_NONE;
}

// In the new interpreter: the driver, in its __main__.
static PyObject* load_driver() {
    PyObject* main = PyImport_AddModule("__main__");  // borrowed
    PyObject* names = main ? PyModule_GetDict(main) : nullptr;
    Py_XINCREF(names);
    PyObject* code = PyMarshal_ReadObjectFromString(driver_code.data(), Py_ssize_t(driver_code.size()));
    PyObject* result = nullptr;
    PyObject* module = new_module();
    if (names && code && module) result = PyEval_EvalCode(code, names, names);
    if (result && PyDict_SetItemString(names, "runtime", module) < 0) Py_CLEAR(result);
    Py_XDECREF(code);
    Py_XDECREF(module);
    if (result == nullptr) {
        PyErr_Print();
        Py_CLEAR(names);
    }
    Py_XDECREF(result);
    return names;
}

// start(flavour) -> handle, or -1 where there can't be one.
static PyObject* start(PyObject*, PyObject* flavour) {
    auto kind = Flavour(PyLong_AsLong(flavour));
    PyThreadState* created = start_interpreter(kind);
    if (created == nullptr) return PyLong_FromLong(-1);
    uint32_t caller_life = shared->facts.current;
    PyObject* names = run_in_interpreter(created, [kind] {
        observe_life(PyInterpreterState_GetID(PyInterpreterState_Get()), uint8_t(kind));
        return load_driver();
    });
    uint32_t life = shared->facts.lives - 1;
    shared->facts.current = caller_life;
    if (names == nullptr) Py_FatalError("finfuzz: the driver does not load in a subinterpreter");
    slots.push_back(Slot{created, names, life});
    return PyLong_FromSize_t(slots.size() - 1);
}

static Slot* slot_of(PyObject* handle) {
    size_t index = PyLong_AsSize_t(handle);
    if (index < slots.size() && slots[index].thread_state) return &slots[index];
    PyErr_SetString(PyExc_ValueError, "no such interpreter");
    return nullptr;
}

// call(handle, line) -> what the driver's `take_line` said in there.
static PyObject* call(PyObject*, PyObject* args) {
    PyObject* handle;
    const char* line;
    if (!PyArg_ParseTuple(args, "Os", &handle, &line)) return nullptr;
    Slot* slot = slot_of(handle);
    if (slot == nullptr) return nullptr;
    long answer = run_in_interpreter(slot->thread_state, [&] {
        shared->facts.current = slot->life;
        PyObject* function = PyDict_GetItemString(slot->names, "take_line");
        PyObject* result = PyObject_CallFunction(function, "s", line);
        if (result == nullptr) {
            PyErr_Print();
            return long(kRaised);
        }
        long value = PyLong_AsLong(result);
        Py_DECREF(result);
        return value;
    });
    shared->facts.current = 0;
    return PyLong_FromLong(answer);
}

// The names of the nodes go before the interpreter does, as the locals of a function would.
static int forget_nodes(Slot* slot) {
    shared->facts.current = slot->life;
    PyDict_Clear(PyDict_GetItemString(slot->names, "NODES"));
    Py_CLEAR(slot->names);
    return 0;
}

static PyObject* stop(PyObject*, PyObject* handle) {
    Slot* slot = slot_of(handle);
    if (slot == nullptr) return nullptr;
    run_in_interpreter(slot->thread_state, [slot] { return forget_nodes(slot); });
    shared->facts.progress = kStopping;
    stop_interpreter(slot->thread_state);
    shared->facts.progress = kRunning;
    slot->thread_state = nullptr;
    shared->life[slot->life].ended = 1;
    shared->facts.current = 0;
    Py_RETURN_NONE;
}

// leave(handle): the program is over and this interpreter is left as it is.
static PyObject* leave(PyObject*, PyObject* handle) {
    Slot* slot = slot_of(handle);
    if (slot == nullptr) return nullptr;
    run_in_interpreter(slot->thread_state, [slot] { return forget_nodes(slot); });
    shared->facts.current = 0;
    Py_RETURN_NONE;
}

static PyObject* interpreter_dict(PyObject*, PyObject*) {
    PyObject* dict = PyInterpreterState_GetDict(PyInterpreterState_Get());
    Py_XINCREF(dict);
    return dict ? dict : PyErr_NoMemory();
}

static PyObject* leak(PyObject*, PyObject* object) {
    Py_INCREF(object);
    Py_RETURN_NONE;
}

// A static type with `object` in its dict from the start: a dict handed to PyType_Ready is the one
// way in that the C API allows. Such a type is never freed, so each call takes a new one.
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

static PyMethodDef functions[] = {
    {"attach", attach, METH_VARARGS, nullptr},
    {"link_extension", link_extension, METH_VARARGS, nullptr},
    {"serve", serve_programs, METH_VARARGS, nullptr},
    {"begin_fresh", begin_fresh, METH_NOARGS, nullptr},
    {"program", program, METH_NOARGS, nullptr},
    {"abuse", abuse, METH_NOARGS, nullptr},
    {"step", step, METH_O, nullptr},
    {"took", took, METH_O, nullptr},
    {"set_driver_code", set_driver_code, METH_O, nullptr},
    {"start", start, METH_O, nullptr},
    {"call", call, METH_VARARGS, nullptr},
    {"stop", stop, METH_O, nullptr},
    {"leave", leave, METH_O, nullptr},
    {"interpreter_dict", interpreter_dict, METH_NOARGS, nullptr},
    {"leak", leak, METH_O, nullptr},
    {"hold_in_type", hold_in_type, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

static PyObject* new_module() {
    PyObject* module = PyModule_New("runtime");
    if (module && PyModule_AddFunctions(module, functions) < 0) Py_CLEAR(module);
    return module;
}

}  // namespace finfuzz

extern "C" __attribute__((visibility("default"))) PyObject* finfuzz_runtime() {
    return finfuzz::new_module();
}
