// What the life of an interpreter begins with: the driver's code, and that one can begin again.
#include <Python.h>

#include <marshal.h>

#include <map>
#include <string>

#include "lives.h"
#include "module.h"
#include "shared.h"

namespace finfuzz {

// Marshalled, so that a child pays for no Python objects that its program does not use.
static std::string driver_code;
static std::map<std::string, std::string> library;

static bool copy_bytes(PyObject* bytes, std::string& copy) {
    char* data;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(bytes, &data, &length) < 0) return false;
    copy.assign(data, size_t(length));
    return true;
}

PyObject* set_driver_code(PyObject*, PyObject* bytes) {
    if (!copy_bytes(bytes, driver_code)) return nullptr;
    Py_RETURN_NONE;
}

// set_library({name: code})
PyObject* set_library(PyObject*, PyObject* codes) {
    PyObject *name, *code;
    for (Py_ssize_t at = 0; PyDict_Next(codes, &at, &name, &code);) {
        const char* text = PyUnicode_AsUTF8(name);
        if (text == nullptr || !copy_bytes(code, library[text])) return nullptr;
    }
    Py_RETURN_NONE;
}

// library_code(name) -> the bytes, or None
PyObject* library_code(PyObject*, PyObject* name) {
    const char* text = PyUnicode_AsUTF8(name);
    if (text == nullptr) return nullptr;
    auto found = library.find(text);
    if (found == library.end()) Py_RETURN_NONE;
    return PyBytes_FromStringAndSize(found->second.data(), Py_ssize_t(found->second.size()));
}

PyObject* load_driver() {
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

// Runs last of all in Py_FinalizeEx; what comes after it are static destructors.
static void life_has_ended() {
    observe_progress(kExited);
    record_peak();
}

bool see_life_end() {
    if (Py_AtExit(life_has_ended) == 0) return true;
    PyErr_SetString(PyExc_RuntimeError, "no room left for an exit function");
    return false;
}

static PyObject* live(const std::string& text) {
    observe_progress(kRunning);
    forget_lives();
    forget_slots();
    expect_life(0);
    observe_life();
    PyObject* names = see_life_end() ? load_driver() : nullptr;
    if (names == nullptr) return nullptr;
    PyObject* run = PyDict_GetItemString(names, "run");
    PyObject* result = PyObject_CallFunction(run, "s", text.c_str());
    Py_DECREF(names);
    return result;
}

// again(text): when this life is over, the driver runs `text` in another.
PyObject* again(PyObject*, PyObject* text) {
    const char* copied = PyUnicode_AsUTF8(text);
    if (copied == nullptr) return nullptr;
    if (!live_again(copied, live)) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

}  // namespace finfuzz
