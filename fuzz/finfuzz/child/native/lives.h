// Further lives of Python in this process: Py_Initialize after Py_FinalizeEx.
//
// A life is over when Py_RunMain has returned. An exit function of the C library then begins the next
// life, from a text that the life before has left.
#pragma once

#include <Python.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace finfuzz {

using RunLife = PyObject* (*)(const std::string& text);  // null, with an exception set, if it raises

struct NextLife {
    bool wanted = false;
    bool registered = false;  // whether the C library has the exit function
    std::string text;
    RunLife run = nullptr;
    std::wstring executable;
    std::vector<std::wstring> arguments;
};

inline NextLife next_life;

// Uses the same executable and options, so that library and hash seed stay the same. PATH might lead
// to another Python.
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

// Prints the exception of a life as a script's end does. Returns whether the life was interrupted.
inline bool print_end(PyObject* result) {
    Py_XDECREF(result);
    if (result) return false;
    bool interrupted = PyErr_ExceptionMatches(PyExc_KeyboardInterrupt);
    if (PyErr_ExceptionMatches(PyExc_SystemExit))
        PyErr_Clear();  // PyErr_Print would call exit within exit
    else
        PyErr_Print();
    return interrupted;
}

inline void run_scheduled_lives() {
    while (next_life.wanted && !Py_IsInitialized()) {  // initialized still if something called exit
        next_life.wanted = false;
        initialize_again();
        bool interrupted = print_end(next_life.run(next_life.text));
        Py_FinalizeEx();
        if (!interrupted) continue;
        signal(SIGINT, SIG_DFL);  // as `python` does, so that a shell sees the signal
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

// Schedules a life with `text` for when this one is over. Returns false where that fails.
inline bool schedule_life(const char* text, RunLife run) {
    next_life.text = text;
    next_life.run = run;
    if (!next_life.registered) {
        if (!remember_command() || atexit(run_scheduled_lives) != 0) return false;
        next_life.registered = true;
    }
    return next_life.wanted = true;
}

}  // namespace finfuzz
