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
// Whether an object is of that type of ours or derives from it, by the names of its types.
inline bool is_a(PyObject *object, const char *type_name) {
    PyObject *types = PyObject_GetAttrString((PyObject *) Py_TYPE(object), "__mro__");
    PyObject *names = types ? PyObject_Repr(types) : nullptr;
    PyObject *name = PyUnicode_FromFormat("'%s'", type_name);
    bool found = names && name && PyUnicode_Contains(names, name) == 1;
    for (PyObject *one : {types, names, name}) Py_XDECREF(one);
    PyErr_Clear();
    return found;
}

#endif
#if FINFUZZ_ON_DEMAND
inline bool has_word(const char *words, const char *word) {
    return (' ' + std::string(words) + ' ').find(' ' + std::string(word) + ' ') != std::string::npos;
}

#endif
}  // namespace finfuzz
