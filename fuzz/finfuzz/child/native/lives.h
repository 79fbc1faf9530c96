// Further lives of Python in this process: Py_Initialize after Py_FinalizeEx.
//
// The last life is over when Py_RunMain has returned; what the C library then calls on exit begins
// the next. A life is told in text, which the first one leaves behind.
#pragma once

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
