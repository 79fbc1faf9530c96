// An extension that breaks the rules of the C API when it is asked to.
#include <Python.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <thread>

#if PY_VERSION_HEX < 0x030D0000
#define PyThreadState_GetUnchecked _PyThreadState_UncheckedGet
#endif

static PyObject* kept;  // for ever

extern "C" {  // so that stacks have their names
void take_reference() { Py_IncRef(kept); }
void drop_reference() { Py_DecRef(kept); }
void read_flags() { PyType_GetFlags(Py_TYPE(kept)); }
void drop_nothing() { Py_DecRef(reinterpret_cast<PyObject*>(8)); }  // crashes
void take_gil() { PyGILState_Release(PyGILState_Ensure()); }
void use_raw_memory() { PyMem_RawFree(PyMem_RawMalloc(7)); }
void read_facts() {
    Py_GetVersion();
    PyThread_get_thread_ident();
    if (Py_IsInitialized() && PyThreadState_GetUnchecked() && PyGILState_Check()) Py_IsInitialized();
}
[[gnu::optimize("O2")]] void jump() { Py_IncRef(kept); }  // the call is a jump
}

struct Named {
    const char* name;
    void (*function)();
};

static const Named kFunctions[] = {
    {"take_reference", take_reference}, {"drop_reference", drop_reference}, {"read_flags", read_flags},
    {"drop_nothing", drop_nothing},     {"take_gil", take_gil},             {"use_raw_memory", use_raw_memory},
    {"read_facts", read_facts},         {"jump", jump},
};

static void (*find(PyObject* name))() {
    for (const Named& one : kFunctions)
        if (std::strcmp(one.name, PyUnicode_AsUTF8(name)) == 0) return one.function;
    Py_FatalError("no such function");
}

static void (*at_end)() = nullptr;

extern "C" [[gnu::destructor]] void destroy_statics() {
    if (at_end) at_end();
}

static PyObject* call(PyObject*, PyObject* name) {
    find(name)();
    Py_RETURN_NONE;
}

// call_detached(name): in a thread without a thread state.
static PyObject* call_detached(PyObject*, PyObject* name) {
    int error = 0;
    auto function = find(name);
    PyThreadState* state = PyEval_SaveThread();
    std::thread([&] {
        errno = 77;
        function();
        error = errno;
    }).join();
    PyEval_RestoreThread(state);
    return PyLong_FromLong(error);
}

// call_at_end(name): from a static destructor.
static PyObject* call_at_end(PyObject*, PyObject* name) {
    at_end = find(name);
    Py_RETURN_NONE;
}

// format() -> numbers that went through all registers that pass arguments, and the stack.
static PyObject* format(PyObject*, PyObject*) {
    char text[100];
    PyOS_snprintf(text, sizeof text, "%d %g %s %g %d %g %g %d %g %g %g %g %g", 1, 1.5, "two", 2.5, 3, 3.5, 4.5,
                  4, 5.5, 6.5, 7.5, 8.5, 9.5);
    return PyUnicode_FromString(text);
}

static PyObject* throw_number(PyObject*, PyObject*) { throw 7; }
static PyMethodDef thrower = {"thrower", throw_number, METH_NOARGS, nullptr};

// catch_through_python() -> what a C++ exception carried through CPython's frames.
static PyObject* catch_through_python(PyObject*, PyObject*) {
    PyObject* callable = PyCFunction_New(&thrower, nullptr);
    try {
        PyObject_CallObject(callable, nullptr);
    } catch (int number) {
        return PyLong_FromLong(number);
    }
    return nullptr;
}

// call_at_once(): four threads call CPython without a thread state.
static PyObject* call_at_once(PyObject*, PyObject*) {
    std::thread threads[4];
    PyThreadState* state = PyEval_SaveThread();
    for (std::thread& one : threads)
        one = std::thread([] {
            for (int number = 0; number < 2000; ++number) take_reference();
        });
    for (std::thread& one : threads) one.join();
    PyEval_RestoreThread(state);
    Py_RETURN_NONE;
}

static void destroy(PyObject* capsule) { PyCapsule_GetPointer(capsule, nullptr); }

// capsule() -> an object whose destructor calls CPython.
static PyObject* capsule(PyObject*, PyObject*) { return PyCapsule_New(&kept, nullptr, destroy); }

static PyMethodDef functions[] = {
    {"call", call, METH_O, nullptr},
    {"call_detached", call_detached, METH_O, nullptr},
    {"call_at_end", call_at_end, METH_O, nullptr},
    {"format", format, METH_NOARGS, nullptr},
    {"catch_through_python", catch_through_python, METH_NOARGS, nullptr},
    {"call_at_once", call_at_once, METH_NOARGS, nullptr},
    {"capsule", capsule, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

static int prepare(PyObject*) {
    if (kept == nullptr) kept = PyUnicode_FromString("kept for ever");
    if (kept == nullptr) return -1;
    Py_SET_REFCNT(kept, 100000);
    return 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, reinterpret_cast<void*>(prepare)},
#ifdef Py_mod_gil
                                   {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
                                   {0, nullptr}};
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "rules", nullptr, 0, functions, slots, nullptr, nullptr,
                                 nullptr};

PyMODINIT_FUNC PyInit_rules() { return PyModuleDef_Init(&definition); }
