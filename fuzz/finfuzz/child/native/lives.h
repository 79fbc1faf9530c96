// Further lives of Python in this process: Py_Initialize after Py_FinalizeEx.
//
// The next life begins in the process's `main`, when Python's own main has returned (after_main.cpp), from
// a text that the life before has left.
#pragma once

#include <Python.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

namespace finfuzz {

// Texts as the C API takes them: UTF-8 for PyInitConfig (PEP 741, 3.14), wide characters before.
#if PY_VERSION_HEX >= 0x030E0000
using Text = std::string;
#else
using Text = std::wstring;
#endif
using RunLife = PyObject* (*)(const std::string& text);  // null, with an exception set, if it raises

struct NextLife {
    bool wanted = false;
    std::string text;
    RunLife run = nullptr;
    Text executable;
    std::vector<Text> arguments;
    std::vector<std::pair<const char*, int>> options;  // for PyInitConfig
};

inline NextLife next_life;

// after_main.cpp's; without an address where that is not preloaded.
extern "C" __attribute__((weak, visibility("default"))) int (*run_after_main)();

// A further life has the same executable and options, so that library and hash seed stay the same. PATH
// might lead to another Python.
#if PY_VERSION_HEX >= 0x030E0000
// What an isolated configuration, PyInitConfig's, has unlike that of `python`.
constexpr const char* kUnlikeIsolated[] = {
    "isolated", "parse_argv", "use_environment", "user_site_directory", "configure_locale",
    "configure_c_stdio", "install_signal_handlers", "pathconfig_warnings", "safe_path", "dev_mode",
    "utf8_mode", "allocator", "tracemalloc", "faulthandler",
    "hash_seed", "use_hash_seed"};  // in this order: a seed implies its use

inline bool remember_options() {
    for (const char* name : kUnlikeIsolated) {
        int value;
        if (PyConfig_GetInt(name, &value) < 0) return false;
        next_life.options.emplace_back(name, value);
    }
    return true;
}

inline bool configure(PyInitConfig* config) {
    for (auto [name, value] : next_life.options)
        if (PyInitConfig_SetInt(config, name, value) < 0) return false;
    return true;
}

inline void initialize_again() {
    std::vector<char*> arguments;
    for (Text& argument : next_life.arguments) arguments.push_back(argument.data());
    PyInitConfig* config = PyInitConfig_Create();
    if (config == nullptr) Py_FatalError("no memory for the configuration of another life");
    bool done = configure(config) &&
                PyInitConfig_SetStrList(config, "argv", arguments.size(), arguments.data()) == 0 &&
                PyInitConfig_SetStr(config, "executable", next_life.executable.c_str()) == 0 &&
                Py_InitializeFromInitConfig(config) == 0;
    const char* message = nullptr;
    if (!done && PyInitConfig_GetError(config, &message)) Py_FatalError(message);
    PyInitConfig_Free(config);
}
#else
inline void initialize_again() {
    std::vector<wchar_t*> arguments;
    for (Text& argument : next_life.arguments) arguments.push_back(argument.data());
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    PyStatus status = PyConfig_SetArgv(&config, Py_ssize_t(arguments.size()), arguments.data());
    if (!PyStatus_Exception(status))
        status = PyConfig_SetString(&config, &config.executable, next_life.executable.c_str());
    if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status)) Py_ExitStatusException(status);
}
#endif

// Prints the exception of a life as a script's end does. Returns whether the life was interrupted.
inline bool print_end(PyObject* result) {
    Py_XDECREF(result);
    if (result) return false;
    bool interrupted = PyErr_ExceptionMatches(PyExc_KeyboardInterrupt);
    PyErr_Print();  // at SystemExit it finalizes and exits
    return interrupted;
}

// Returns the exit code of the last life, as Python's own main does.
inline int run_scheduled_lives() {
    int code = 0;
    while (next_life.wanted) {
        next_life.wanted = false;
        initialize_again();
        PyObject* result = next_life.run(next_life.text);
        code = result ? 0 : 1;
        bool interrupted = print_end(result);
        if (Py_FinalizeEx() < 0) code = 120;
        if (!interrupted) continue;
        signal(SIGINT, SIG_DFL);  // as `python` does, so that a shell sees the signal
        kill(getpid(), SIGINT);
    }
    return code;
}

#if PY_VERSION_HEX >= 0x030E0000
inline bool remember_command() {
    PyObject* executable = PySys_GetObject("executable");  // borrowed
    PyObject* arguments = PySys_GetObject("orig_argv");    // borrowed
    const char* path = executable && arguments ? PyUnicode_AsUTF8(executable) : nullptr;
    if (path == nullptr) return false;
    next_life.executable = path;
    for (Py_ssize_t index = 0; index < PyList_GET_SIZE(arguments); ++index) {
        const char* argument = PyUnicode_AsUTF8(PyList_GET_ITEM(arguments, index));
        if (argument == nullptr) return false;
        next_life.arguments.push_back(argument);
    }
    return remember_options();
}
#else
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
#endif

// Schedules a life with `text` for when this one is over. Returns false, with an exception set, where
// that fails.
inline bool schedule_life(const char* text, RunLife run) {
    if (&run_after_main == nullptr) {
        PyErr_SetString(PyExc_RuntimeError,
                        "no further life: after_main is not preloaded (a space or a colon in its path?)");
        return false;
    }
    if (run_after_main == nullptr && !remember_command()) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_RuntimeError, "sys.executable is not set");
        return false;
    }
    run_after_main = run_scheduled_lives;
    next_life.text = text;
    next_life.run = run;
    return next_life.wanted = true;
}

}  // namespace finfuzz
