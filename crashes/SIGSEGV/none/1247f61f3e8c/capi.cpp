// Built by repro.py, beside it, as follows.
//
//     : ${PYTHON:=python3.13}
//     INCLUDE=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("include"))')
//     SUFFIX=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
//     : ${PYBIND11_INCLUDE:=pybind11-3.1.0/pybind11/include}
//     test -d "$PYBIND11_INCLUDE" ||
//         "$PYTHON" -m pip install -q --no-deps -t pybind11-3.1.0 pybind11==3.1.0
//     ${CXX:-c++} -std=c++17 -O1 -g -DNDEBUG -shared -fPIC -fvisibility=hidden \
//         -I"$INCLUDE" -I"$PYBIND11_INCLUDE" -pthread \
//         extension.cpp -o finfuzz_target"$SUFFIX"
//     ${CXX:-c++} -std=c++17 -O1 -g -DNDEBUG -shared -fPIC -fvisibility=hidden \
//         -I"$INCLUDE" -ldl -pthread \
//         capi.cpp -o capi"$SUFFIX"

#include <Python.h>

#include <cstdlib>
#include <signal.h>
#include <string>
#include <unistd.h>
#include <vector>

// What a finding's script needs from the C API: an extension module, as ctypes can't do it. Calls that
// change the current thread state have changed it back when they return to Python; and before 3.13
// importing ctypes in a second life of the interpreter kills it.

// Further lives of Python in this process: Py_Initialize after Py_FinalizeEx.
//
// The last life is over when Py_RunMain has returned; what the C library then calls on exit begins
// the next. A life is told in text, which the first one leaves behind.

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

// What is given to subinterpreters too.
PyMethodDef offered[] = {
    {nullptr, nullptr, 0, nullptr},
};

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

PyMethodDef functions[] = {
    {"again", again, METH_O, nullptr},
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
