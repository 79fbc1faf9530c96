// repro.py, next to this file, builds it with these commands:
//
//     : ${PYTHON:=python3.13}
//     INCLUDE=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("include"))')
//     SUFFIX=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
//     : ${PYBIND11_INCLUDE:=pybind11-3.1.0/pybind11/include}
//     test -d "$PYBIND11_INCLUDE" ||
//         "$PYTHON" -m pip install -q --no-deps -t pybind11-3.1.0 pybind11==3.1.0 ||
//         pip install -q --no-deps -t pybind11-3.1.0 pybind11==3.1.0
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

// The C API for a finding's script. ctypes can't do this: a call that changes the current thread state
// must change it back before it returns to Python. And before 3.13 importing ctypes crashes in a
// second life of the interpreter.

// Further lives of Python in this process: Py_Initialize after Py_FinalizeEx.
//
// A life is over when Py_RunMain has returned. An exit function of the C library then begins the next
// life, from a text that the life before has left.

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
    bool registered = false;  // whether the C library has the exit function
    std::string text;
    RunLife run = nullptr;
    Text executable;
    std::vector<Text> arguments;
    std::vector<std::pair<const char*, int>> options;  // for PyInitConfig
};

inline NextLife next_life;

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

namespace {

// Functions for the __main__ of each subinterpreter too.
PyMethodDef offered[] = {
    {nullptr, nullptr, 0, nullptr},
};

PyObject *run_life(const std::string &code) {
    PyObject *names = PyModule_GetDict(PyImport_AddModule("__main__"));
    return PyRun_String(code.c_str(), Py_file_input, names, names);
}

// again(code): when this life is over, initializes Python once more and runs code in its __main__.
PyObject *again(PyObject *, PyObject *code) {
    const char *text = PyUnicode_AsUTF8(code);
    if (!text) return nullptr;
    if (!finfuzz::schedule_life(text, run_life)) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

PyMethodDef functions[] = {
    {"again", again, METH_O, nullptr},
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
