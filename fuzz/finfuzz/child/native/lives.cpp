// The beginning of an interpreter's life: the driver's code is loaded, and a further life can follow.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <marshal.h>
#include <sys/mman.h>

#include <cstring>
#include <string>
#include <string_view>

#include "lives.h"
#include "module.h"
#include "pages.h"
#include "shared.h"

namespace finfuzz {

// Marshalled code by name: entries of two lengths, the name and the code; a length of 0 ends them.
// The entries lie in a mapping of their own, shared with the process that compiles. In the heap each
// child would copy the pages between them, and as Python objects they would be finalized.
constexpr size_t kCodeBytes = 1 << 20;  // 150 functions, 70 KiB
static char* codes = nullptr;

struct Lengths {
    uint32_t name, code;
};

static Lengths read_lengths(const char* at) {
    Lengths lengths;
    std::memcpy(&lengths, at, sizeof lengths);
    return lengths;
}

static const char* skip_entry(const char* at) {
    Lengths lengths = read_lengths(at);
    return at + sizeof lengths + lengths.name + lengths.code;
}

// Returns the entry of that name or, for an empty name, the end of all entries.
static const char* find_code(std::string_view name) {
    const char* at = codes;
    while (read_lengths(at).name && std::string_view(at + sizeof(Lengths), read_lengths(at).name) != name)
        at = skip_entry(at);
    return at;
}

bool prepare_codes() {
    void* mapping = mmap(nullptr, kCodeBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) return PyErr_SetFromErrno(PyExc_OSError) != nullptr;
    codes = static_cast<char*>(mapping);
    return true;
}

// keep_code(name, bytes)
PyObject* keep_code(PyObject*, PyObject* args) {
    const char *name, *code;
    Py_ssize_t name_length, code_length;
    if (!PyArg_ParseTuple(args, "s#y#", &name, &name_length, &code, &code_length)) return nullptr;
    char* at = const_cast<char*>(find_code({}));
    if (at + 2 * sizeof(Lengths) + name_length + code_length > codes + kCodeBytes)
        return PyErr_NoMemory();
    Lengths lengths{uint32_t(name_length), uint32_t(code_length)};
    std::memcpy(at, &lengths, sizeof lengths);
    std::memcpy(at + sizeof lengths, name, lengths.name);
    std::memcpy(at + sizeof lengths + lengths.name, code, lengths.code);
    Py_RETURN_NONE;
}

// get_code(name) -> its bytes
PyObject* get_code(PyObject*, PyObject* name) {
    const char* text = PyUnicode_AsUTF8(name);
    const char* at = text ? find_code(text) : nullptr;
    if (at == nullptr) return nullptr;
    Lengths lengths = read_lengths(at);
    if (lengths.name == 0) return PyErr_Format(PyExc_LookupError, "no code of the name %s", text);
    return PyBytes_FromStringAndSize(at + sizeof lengths + lengths.name, lengths.code);
}

PyObject* load_driver() {
    PyObject* main = PyImport_AddModule("__main__");  // borrowed
    PyObject* names = main ? PyModule_GetDict(main) : nullptr;
    Py_XINCREF(names);
    const char* at = find_code("driver");
    Lengths lengths = read_lengths(at);
    PyObject* code = PyMarshal_ReadObjectFromString(at + sizeof lengths + lengths.name, lengths.code);
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

// Runs last in Py_FinalizeEx; static destructors follow.
static void record_life_end() {
    observe_progress(kExited);
    record_peak();
    record_pages();
}

bool observe_life_end() {
    if (Py_AtExit(record_life_end) == 0) return true;
    PyErr_SetString(PyExc_RuntimeError, "no room left for an exit function");
    return false;
}

static PyObject* run_life(const std::string& text) {
    observe_progress(kRunning);
    forget_lives();
    forget_slots();
    expect_life(0);
    observe_life();
    PyObject* names = observe_life_end() ? load_driver() : nullptr;
    if (names == nullptr) return nullptr;
    PyObject* run = PyDict_GetItemString(names, "run");
    PyObject* result = PyObject_CallFunction(run, "s", text.c_str());
    Py_DECREF(names);
    return result;
}

// live_again(text): when this life is over, the driver runs `text` in another one.
PyObject* live_again(PyObject*, PyObject* text) {
    const char* copied = PyUnicode_AsUTF8(text);
    if (copied == nullptr) return nullptr;
    if (!schedule_life(copied, run_life)) return nullptr;
    Py_RETURN_NONE;
}

}  // namespace finfuzz
