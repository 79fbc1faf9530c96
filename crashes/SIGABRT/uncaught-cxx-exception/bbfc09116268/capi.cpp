// What a finding's script needs from the C API: an extension module, as ctypes can't do it. Calls that
// change the current thread state have changed it back when they return to Python; and before 3.13
// importing ctypes in a second life of the interpreter kills it.
//
//     c++ -std=c++17 -pthread -shared -fPIC $(python3-config --includes) capi.cpp -o capi.so
// Subinterpreters of every kind: created, used and ended each within one call.
//
// Creating or ending one changes the current thread state under the frame that asks for it, so each
// function here swaps back before it returns. Since 3.12 PyThreadState_Swap also releases the one
// GIL and takes the other.

#include <Python.h>
#include <dlfcn.h>

#include <type_traits>

namespace finfuzz {

enum Flavour {
    kLegacy = 1,
    kIsolated = 2,
    kSharedGil = 3,
    kPermissive = 4,
    kStrict = 5,
    kFramework = 6,
    kStdlib = 7
};

// What an extension offers whose framework has subinterpreters of its own.
struct Framework {
    void* (*create)() = nullptr;
    int (*run)(void* handle, int (*function)(void*), void* argument) = nullptr;
    void (*end)(void* handle) = nullptr;
};

inline Framework framework;

inline void find_framework(void* extension) {
    auto find = [extension](auto& function, const char* name) {
        using Pointer = std::remove_reference_t<decltype(function)>;
        function = reinterpret_cast<Pointer>(dlsym(extension, name));
    };
    find(framework.create, "finfuzz_create_subinterpreter");
    find(framework.run, "finfuzz_in_subinterpreter");
    find(framework.end, "finfuzz_end_subinterpreter");
}

struct Interpreter {
    Flavour flavour;
    PyInterpreterState* state = nullptr;
    PyThreadState* first = nullptr;  // what code runs under; null: a new one each time
    void* handle = nullptr;          // the framework's
};

inline PyThreadState* new_by_config(Flavour flavour) {
    PyThreadState* created = nullptr;
#if PY_VERSION_HEX >= 0x030C0000
    PyInterpreterConfig config{};
    config.allow_fork = config.allow_exec = config.allow_daemon_threads = flavour == kPermissive;
    config.allow_threads = flavour != kStrict;
    config.check_multi_interp_extensions = 1;
    config.gil = flavour == kSharedGil ? PyInterpreterConfig_SHARED_GIL : PyInterpreterConfig_OWN_GIL;
    PyStatus status = Py_NewInterpreterFromConfig(&created, &config);
    if (PyStatus_Exception(status)) created = nullptr;
#else
    (void)flavour;
#endif
    return created;
}

inline bool start_by_c_api(Interpreter& made) {
    PyThreadState* caller = PyThreadState_Get();
    made.first = made.flavour == kLegacy ? Py_NewInterpreter() : new_by_config(made.flavour);
    if (made.first) made.state = PyThreadState_GetInterpreter(made.first);
    PyThreadState_Swap(caller);
    return made.first != nullptr;
}

// A function of `_interpreters`, called from here.
inline PyObject* call_stdlib(const char* function, PyObject* argument) {
    const char* name = PY_VERSION_HEX >= 0x030D0000 ? "_interpreters" : "_xxsubinterpreters";
    PyObject* module = PyImport_ImportModule(name);
    if (module == nullptr) return nullptr;
    PyObject* result = PyObject_CallMethod(module, function, argument ? "O" : nullptr, argument);
    Py_DECREF(module);
    return result;
}

inline PyInterpreterState* find_interpreter(int64_t id) {
    PyInterpreterState* found = PyInterpreterState_Head();
    while (found && PyInterpreterState_GetID(found) != id) found = PyInterpreterState_Next(found);
    return found;
}

// The id object is given to nobody: before 3.13 the interpreter would end with it. Before 3.13, too,
// the module keeps the first thread state and runs code under it.
inline bool start_by_stdlib(Interpreter& made) {
    PyObject* id = call_stdlib("create", nullptr);
    PyObject* number = id ? PyNumber_Index(id) : nullptr;
    if (number) made.state = find_interpreter(PyLong_AsLongLong(number));
    Py_XDECREF(number);
    PyErr_Clear();
    if (made.state) made.first = PyInterpreterState_ThreadHead(made.state);
    return made.state != nullptr;
}

inline void stop_by_stdlib(const Interpreter& ended) {
    PyObject* id = PyLong_FromLongLong(PyInterpreterState_GetID(ended.state));
    PyObject* result = id ? call_stdlib("destroy", id) : nullptr;
    Py_XDECREF(result);
    Py_XDECREF(id);
}

// Creates one from the interpreter that is current. False where there can't be one.
inline bool start_interpreter(Interpreter& made) {
    if (made.flavour == kStdlib) return start_by_stdlib(made);
    if (made.flavour != kFramework || framework.create == nullptr) return start_by_c_api(made);
    made.handle = framework.create();
    return made.handle != nullptr;
}

// Calls `function`, which returns nothing, in the framework's way.
template <typename Function>
void run_by_framework(const Interpreter& there, Function& function) {
    auto call = [](void* argument) {
        (*static_cast<Function*>(argument))();
        return 0;
    };
    framework.run(there.handle, call, &function);
}

// Calls `function` in that interpreter and swaps back.
template <typename Function>
void run_in_interpreter(const Interpreter& there, Function function) {
    if (there.handle) return run_by_framework(there, function);
    PyThreadState* mine = there.first ? there.first : PyThreadState_New(there.state);
    PyThreadState* caller = PyThreadState_Swap(mine);
    function();
    if (mine != there.first) PyThreadState_Clear(mine);
    PyThreadState_Swap(caller);
    if (mine != there.first) PyThreadState_Delete(mine);
}

// Ends it and swaps back. Legal because no frame of it is running and no thread but this one has a
// state in it: whoever made another has deleted it (threads.h).
inline void stop_interpreter(const Interpreter& ended) {
    if (ended.handle) return framework.end(ended.handle);
    if (ended.flavour == kStdlib) return stop_by_stdlib(ended);
    PyThreadState* caller = PyThreadState_Swap(ended.first);
    Py_EndInterpreter(ended.first);
    PyThreadState_Swap(caller);
}

}  // namespace finfuzz
// Threads that Python did not start, with thread states made by hand.
//
// A thread state is created, used, cleared and deleted by the same thread of the operating system:
// 3.12 binds it to the one that creates it, and Py_EndInterpreter takes none of another thread's.

#include <Python.h>
#include <pthread.h>

#include <atomic>
#include <system_error>
#include <thread>

namespace finfuzz {

inline std::atomic<pthread_t> other_thread{};  // the one that works while this one waits; 0: none

// Calls `function` in another thread, which has no thread state; this one waits without its GIL.
// False, with an exception set, where no thread can be had.
template <typename Function>
bool on_another_thread(Function function) {
    PyThreadState* caller = PyEval_SaveThread();
    bool ran = true;
    try {
        std::thread([&function] {
            other_thread = pthread_self();
            function();
            other_thread = pthread_t{};
        }).join();
    } catch (const std::system_error&) {
        ran = false;
    }
    PyEval_RestoreThread(caller);
    if (!ran) PyErr_SetString(PyExc_RuntimeError, "can't start a thread");
    return ran;
}

// Calls `function` under a new thread state, in a thread that has none.
template <typename Function>
void under_new_state(PyInterpreterState* interpreter, Function& function) {
    PyThreadState* mine = PyThreadState_New(interpreter);
    PyEval_AcquireThread(mine);
    function();
    PyThreadState_Clear(mine);
    PyThreadState_DeleteCurrent();
}

// Calls `function` in that interpreter, from another thread.
template <typename Function>
bool run_from_thread(const Interpreter& there, Function function) {
    return on_another_thread([&] {
        if (there.handle)
            run_by_framework(there, function);
        else
            under_new_state(there.state, function);
    });
}

// Calls a Python function without arguments in this interpreter, from another thread.
inline PyObject* call_from_thread(PyObject* callable) {
    PyInterpreterState* here = PyInterpreterState_Get();
    PyObject *result = nullptr, *type = nullptr, *value = nullptr, *traceback = nullptr;
    auto call = [&] {
        result = PyObject_CallNoArgs(callable);
        PyErr_Fetch(&type, &value, &traceback);
    };
    bool ran = on_another_thread([&] { under_new_state(here, call); });
    if (ran && result == nullptr) PyErr_Restore(type, value, traceback);
    return result;
}

// The interpreter's own first thread state is replaced by one of this thread.
inline void take_over(Interpreter& taken) {
    PyThreadState* mine = PyThreadState_New(taken.state);
    PyThreadState* caller = PyThreadState_Swap(mine);
    PyThreadState_Clear(taken.first);
    PyThreadState_Delete(taken.first);
    PyThreadState_Swap(caller);
    taken.first = mine;
}

// Ends the interpreter by the hand of another thread.
inline bool stop_from_thread(Interpreter& ended) {
    PyInterpreterState* here = PyInterpreterState_Get();
    auto stop = [&] {
        if (ended.first) take_over(ended);
        stop_interpreter(ended);
    };
    return on_another_thread([&] { under_new_state(here, stop); });
}

}  // namespace finfuzz
// Further lives of Python in this process: Py_Initialize after Py_FinalizeEx.
//
// The last life is over when Py_RunMain has returned; what the C library then calls on exit begins
// the next. A life is told in text, which the first one leaves behind.

#include <Python.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace finfuzz {

using Living = PyObject* (*)(const std::string& text);  // null, with an exception, if it raises

struct NextLife {
    bool wanted = false;
    bool arranged = false;  // with the C library
    std::string text;
    Living living = nullptr;
    std::wstring executable;
    std::vector<std::wstring> arguments;
};

inline NextLife next_life;

// Not what PATH would give: the same executable and options, so the same library and hash seed.
inline void initialize_again() {
    std::vector<wchar_t*> arguments;
    for (std::wstring& argument : next_life.arguments) arguments.push_back(argument.data());
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    PyStatus status = PyConfig_SetArgv(&config, Py_ssize_t(arguments.size()), arguments.data());
    if (!PyStatus_Exception(status))
        status = PyConfig_SetString(&config, &config.executable, next_life.executable.c_str());
    if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status)) Py_ExitStatusException(status);
}

// Prints what a life raised as a script's end does. Returns whether it was interrupted.
inline bool print_end(PyObject* result) {
    Py_XDECREF(result);
    if (result) return false;
    bool interrupted = PyErr_ExceptionMatches(PyExc_KeyboardInterrupt);
    if (PyErr_ExceptionMatches(PyExc_SystemExit))
        PyErr_Clear();  // PyErr_Print would exit, from within exit
    else
        PyErr_Print();
    return interrupted;
}

inline void live_on() {
    while (next_life.wanted && !Py_IsInitialized()) {  // it is if something called exit
        next_life.wanted = false;
        initialize_again();
        bool interrupted = print_end(next_life.living(next_life.text));
        Py_FinalizeEx();
        if (!interrupted) continue;
        signal(SIGINT, SIG_DFL);  // as `python` does, so that a shell knows
        kill(getpid(), SIGINT);
    }
}

inline bool remember_command() {
    PyObject* executable = PySys_GetObject("executable");  // borrowed
    wchar_t* path = executable ? PyUnicode_AsWideCharString(executable, nullptr) : nullptr;
    if (path == nullptr) return false;
    next_life.executable = path;
    PyMem_Free(path);
    int count;
    wchar_t** arguments;
    Py_GetArgcArgv(&count, &arguments);
    next_life.arguments.assign(arguments, arguments + count);
    return true;
}

// Has `text` lived when this life is over.
inline bool live_again(const char* text, Living living) {
    next_life.text = text;
    next_life.living = living;
    if (!next_life.arranged) {
        if (!remember_command() || atexit(live_on) != 0) return false;
        next_life.arranged = true;
    }
    return next_life.wanted = true;
}

}  // namespace finfuzz

namespace {

using finfuzz::Interpreter;

// ---- what is given to subinterpreters too --------------------------------------------------------

// Gives a reference to nobody.
PyObject *leak(PyObject *, PyObject *object) {
    Py_INCREF(object);
    Py_RETURN_NONE;
}

PyObject *owned(PyObject *dict) {
    Py_XINCREF(dict);
    return dict ? dict : PyErr_NoMemory();
}

PyObject *interpreter_dict(PyObject *, PyObject *) {
    return owned(PyInterpreterState_GetDict(PyInterpreterState_Get()));
}

PyObject *thread_dict(PyObject *, PyObject *) { return owned(PyThreadState_GetDict()); }

PyMethodDef offered[] = {
    {"leak", leak, METH_O, nullptr},
    {"interpreter_dict", interpreter_dict, METH_NOARGS, nullptr},
    {"thread_dict", thread_dict, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

// ---- subinterpreters -----------------------------------------------------------------------------

// find_framework(extension): for interpreters of the framework's own kind.
PyObject *find_framework(PyObject *, PyObject *extension) {
    const char *path = PyUnicode_AsUTF8(extension);
    if (!path) return nullptr;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return PyErr_Format(PyExc_ImportError, "%s", dlerror());
    finfuzz::find_framework(handle);
    Py_RETURN_NONE;
}

bool start_here(Interpreter &made) {
    if (!finfuzz::start_interpreter(made)) return false;
    finfuzz::run_in_interpreter(
        made, [] { PyModule_AddFunctions(PyImport_AddModule("__main__"), offered); });
    return true;
}

// start(parent, flavour) -> a new subinterpreter, created from `parent` (None: from here): 1 legacy,
// 2 isolated with a GIL of its own, 3 sharing the GIL, 4 permissive, 5 strict, 6 the framework's,
// 7 the standard library's.
PyObject *start(PyObject *, PyObject *args) {
    PyObject *parent;
    int flavour;
    if (!PyArg_ParseTuple(args, "Oi", &parent, &flavour)) return nullptr;
    auto *made = new Interpreter{finfuzz::Flavour(flavour)};
    bool started = false;
    if (parent == Py_None)
        started = start_here(*made);
    else
        finfuzz::run_in_interpreter(*static_cast<Interpreter *>(PyLong_AsVoidPtr(parent)),
                                    [&] { started = start_here(*made); });
    if (started) return PyLong_FromVoidPtr(made);
    delete made;
    return PyErr_Format(PyExc_RuntimeError, "this CPython can't start such an interpreter");
}

bool parse(PyObject *args, Interpreter *&interpreter, const char *&code) {
    PyObject *handle;
    if (!PyArg_ParseTuple(args, "Os", &handle, &code)) return false;
    interpreter = static_cast<Interpreter *>(PyLong_AsVoidPtr(handle));
    return interpreter != nullptr;
}

// run(interpreter, code): in its __main__. Prints what it raises.
PyObject *run(PyObject *, PyObject *args) {
    Interpreter *interpreter;
    const char *code;
    if (!parse(args, interpreter, code)) return nullptr;
    finfuzz::run_in_interpreter(*interpreter, [code] { PyRun_SimpleString(code); });
    Py_RETURN_NONE;
}

// run_elsewhere(interpreter, code): from another thread, under a thread state made by hand.
PyObject *run_elsewhere(PyObject *, PyObject *args) {
    Interpreter *interpreter;
    const char *code;
    if (!parse(args, interpreter, code)) return nullptr;
    if (!finfuzz::run_from_thread(*interpreter, [code] { PyRun_SimpleString(code); })) return nullptr;
    Py_RETURN_NONE;
}

// elsewhere(function) -> what it returns, called in this interpreter from another thread.
PyObject *elsewhere(PyObject *, PyObject *function) { return finfuzz::call_from_thread(function); }

PyObject *stop(PyObject *, PyObject *handle) {
    finfuzz::stop_interpreter(*static_cast<Interpreter *>(PyLong_AsVoidPtr(handle)));
    if (PyErr_Occurred()) return nullptr;
    Py_RETURN_NONE;
}

// stop_elsewhere(interpreter): by the hand of another thread.
PyObject *stop_elsewhere(PyObject *, PyObject *handle) {
    if (!finfuzz::stop_from_thread(*static_cast<Interpreter *>(PyLong_AsVoidPtr(handle))))
        return nullptr;
    Py_RETURN_NONE;
}

// ---- lives and ends ------------------------------------------------------------------------------

PyObject *live(const std::string &code) {
    PyObject *names = PyModule_GetDict(PyImport_AddModule("__main__"));
    return PyRun_String(code.c_str(), Py_file_input, names, names);
}

// again(code): in the __main__ of another life, when this one is over: Py_Initialize once more.
PyObject *again(PyObject *, PyObject *code) {
    const char *text = PyUnicode_AsUTF8(code);
    if (!text) return nullptr;
    if (!finfuzz::live_again(text, live)) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

// The C library's exit(0): static destructors without Py_FinalizeEx.
PyObject *c_exit(PyObject *, PyObject *) { exit(0); }

// The same from another thread, while this one waits.
PyObject *thread_exit(PyObject *, PyObject *) {
    finfuzz::on_another_thread([] { exit(0); });
    return nullptr;
}

// hold_in_type(object): in the dict of a new static type, put there before PyType_Ready.
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

PyMethodDef functions[] = {
    {"find_framework", find_framework, METH_O, nullptr},
    {"start", start, METH_VARARGS, nullptr},
    {"run", run, METH_VARARGS, nullptr},
    {"run_elsewhere", run_elsewhere, METH_VARARGS, nullptr},
    {"elsewhere", elsewhere, METH_O, nullptr},
    {"stop", stop, METH_O, nullptr},
    {"stop_elsewhere", stop_elsewhere, METH_O, nullptr},
    {"again", again, METH_O, nullptr},
    {"c_exit", c_exit, METH_NOARGS, nullptr},
    {"thread_exit", thread_exit, METH_NOARGS, nullptr},
    {"hold_in_type", hold_in_type, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

int fill(PyObject *module) { return PyModule_AddFunctions(module, offered); }

PyModuleDef_Slot slots[] = {
    {Py_mod_exec, reinterpret_cast<void *>(fill)},
    {0, nullptr},
};

PyModuleDef definition = {PyModuleDef_HEAD_INIT, "capi", nullptr, 0,      functions,
                          slots,                 nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit_capi() { return PyModuleDef_Init(&definition); }
