// The functions of the module `runtime`, by the file that defines them.
#pragma once

#include <Python.h>

namespace finfuzz {

PyObject* new_module();  // module.cpp

// slots.cpp
PyObject* start(PyObject*, PyObject* args);
PyObject* call(PyObject*, PyObject* args);
PyObject* run(PyObject*, PyObject* args);
PyObject* run_at_once(PyObject*, PyObject* tasks);
PyObject* stop(PyObject*, PyObject* args);
PyObject* stop_at_once(PyObject*, PyObject* handles);
PyObject* leave(PyObject*, PyObject* handle);
void forget_slots();  // call it when there are no subinterpreters any more

// lives.cpp
bool prepare_codes();        // false, with an exception set, where there is no memory
PyObject* keep_code(PyObject*, PyObject* args);
PyObject* get_code(PyObject*, PyObject* name);
PyObject* load_driver();     // a new reference to the dict of this interpreter's __main__
bool observe_life_end();     // false, with an exception set, where CPython has no room for it
PyObject* live_again(PyObject*, PyObject* text);

// gate.cpp
PyObject* gate(PyObject*, PyObject* paths);

// ends.cpp
void prepare_forks();
PyObject* follow(PyObject*, PyObject* pid);
PyObject* c_exit(PyObject*, PyObject*);
PyObject* thread_exit(PyObject*, PyObject*);

}  // namespace finfuzz
