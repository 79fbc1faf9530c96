// The functions of the module `runtime`, by the file that they are in.
#pragma once

#include <Python.h>

namespace finfuzz {

PyObject* new_module();  // module.cpp

// slots.cpp
PyObject* start(PyObject*, PyObject* args);
PyObject* call(PyObject*, PyObject* args);
PyObject* call_elsewhere(PyObject*, PyObject* args);
PyObject* elsewhere(PyObject*, PyObject* callable);
PyObject* stop(PyObject*, PyObject* handle);
PyObject* stop_elsewhere(PyObject*, PyObject* handle);
PyObject* leave(PyObject*, PyObject* handle);
void forget_slots();  // there are no interpreters any more

// lives.cpp
bool prepare_codes();        // false, with an exception, where there is no memory for them
PyObject* keep_code(PyObject*, PyObject* args);
PyObject* code(PyObject*, PyObject* name);
PyObject* load_driver();     // a new reference to the dict of this interpreter's __main__
bool see_life_end();         // false, with an exception, if it can't be seen
PyObject* again(PyObject*, PyObject* text);

// ends.cpp
void prepare_forks();
PyObject* follow(PyObject*, PyObject* pid);
PyObject* c_exit(PyObject*, PyObject*);
PyObject* thread_exit(PyObject*, PyObject*);

}  // namespace finfuzz
