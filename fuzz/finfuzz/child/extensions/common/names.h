#pragma once

#include <Python.h>

#include <cstring>
#include <string>

#include "../../common/reduced.h"

#if FINFUZZ_TWO
// What the module is called.
#    ifndef FINFUZZ_MODULE
#        define FINFUZZ_MODULE finfuzz_target
#    endif
#    define FINFUZZ_TEXT_OF(name) #name
#    define FINFUZZ_TEXT(name) FINFUZZ_TEXT_OF(name)
#    define FINFUZZ_NAME FINFUZZ_TEXT(FINFUZZ_MODULE)

#endif
namespace finfuzz {

#if FINFUZZ_HAS(is_a)
#    ifdef Py_LIMITED_API
// Whether an object is of that type of ours or derives from it, told by the type's name.
inline bool is_a(PyObject *object, const char *type_name) {
    PyObject *types = PyObject_GetAttrString(reinterpret_cast<PyObject *>(Py_TYPE(object)), "__mro__");
    bool found = false;
    for (Py_ssize_t at = 0; types && !found && at < PyTuple_Size(types); ++at) {
        PyObject *type = PyTuple_GetItem(types, at);
        PyObject *module = PyObject_GetAttrString(type, "__module__");
        PyObject *name = PyObject_GetAttrString(type, "__qualname__");
        PyObject *text = module && name ? PyUnicode_FromFormat("%S.%S", module, name) : nullptr;
        found = text && PyUnicode_CompareWithASCIIString(text, type_name) == 0;
        Py_XDECREF(module);
        Py_XDECREF(name);
        Py_XDECREF(text);
    }
    Py_XDECREF(types);
    PyErr_Clear();
    return found;
}

#    else
// Whether an object is of that type of ours or derives from it, told by the type's name.
inline bool is_a(PyObject *object, const char *type_name) {
    for (PyTypeObject *type = Py_TYPE(object); type; type = type->tp_base)
        if (std::strcmp(type->tp_name, type_name) == 0) return true;
    return false;
}

#    endif
#endif
#if FINFUZZ_ON_DEMAND
inline bool has_word(const char *words, const char *word) {
    return (' ' + std::string(words) + ' ').find(' ' + std::string(word) + ' ') != std::string::npos;
}

#endif
}  // namespace finfuzz
