// Subinterpreters of every flavour: each function creates, uses or ends one within one call.
//
// Creating or ending a subinterpreter changes the current thread state under the calling frame, so
// each function here swaps back before it returns. Since 3.12 PyThreadState_Swap also releases the
// one GIL and takes the other.
#pragma once

#include <Python.h>

#include <cstring>

#include "flavours.h"
#include "reduced.h"
#if FINFUZZ_HAS(framework)
#    include "framework.h"
#endif

namespace finfuzz {

// Finds a flavour by its name. Returns false, with an exception set, if there is none.
inline bool find_flavour(const char* name, Flavour& found) {
    int number = 0;
    for (const char* flavour : kFlavours) {
        found = Flavour(++number);
        if (std::strcmp(flavour, name) == 0) return true;
    }
    PyErr_Format(PyExc_ValueError, "no flavour of interpreters %s", name);
    return false;
}

struct Interpreter {
    Flavour flavour;
    PyInterpreterState* state = nullptr;
    PyThreadState* first = nullptr;  // code runs under this state; null: under a new one each time
    void* handle = nullptr;          // the framework's
};

#if FINFUZZ_HAS(by_config)
inline PyThreadState* create_by_config(Flavour flavour) {
    PyThreadState* created = nullptr;
#if PY_VERSION_HEX >= 0x030C0000
    PyInterpreterConfig config{};
    config.allow_fork = config.allow_exec = config.allow_daemon_threads = flavour == kPermissive;
    config.allow_threads = flavour != kStrict;
    config.check_multi_interp_extensions = 1;
    config.gil = flavour == kSharedGil ? PyInterpreterConfig_SHARED_GIL : PyInterpreterConfig_OWN_GIL;
    PyStatus status = Py_NewInterpreterFromConfig(&created, &config);
    if (PyStatus_Exception(status)) created = nullptr;
#else
    (void)flavour;
#endif
    return created;
}

#endif
inline bool start_by_c_api(Interpreter& made) {
    PyThreadState* caller = PyThreadState_Get();
#if FINFUZZ_HAS(by_config)
    made.first = made.flavour == kLegacy ? Py_NewInterpreter() : create_by_config(made.flavour);
#else
    made.first = Py_NewInterpreter();
#endif
    if (made.first) made.state = PyThreadState_GetInterpreter(made.first);
    PyThreadState_Swap(caller);
    return made.first != nullptr;
}

#if FINFUZZ_HAS(stdlib)
// Calls a function of `_interpreters`.
inline PyObject* call_stdlib(const char* function, PyObject* argument) {
    const char* name = PY_VERSION_HEX >= 0x030D0000 ? "_interpreters" : "_xxsubinterpreters";
    PyObject* module = PyImport_ImportModule(name);
    if (module == nullptr) return nullptr;
    PyObject* result = PyObject_CallMethod(module, function, argument ? "O" : nullptr, argument);
    Py_DECREF(module);
    return result;
}

inline PyInterpreterState* find_interpreter(int64_t id) {
    PyInterpreterState* found = PyInterpreterState_Head();
    while (found && PyInterpreterState_GetID(found) != id) found = PyInterpreterState_Next(found);
    return found;
}

#    if FINFUZZ_HAS(concurrent)
inline PyObject* name_concurrent(PyObject* id) { return PyUnicode_FromFormat("interpreter%S", id); }

// Creates an interpreter whose object is a global of __main__. Returns the id.
inline PyObject* create_concurrent() {
    PyObject* module = PyImport_ImportModule("concurrent.interpreters");
    PyObject* made = module ? PyObject_CallMethod(module, "create", nullptr) : nullptr;
    PyObject* id = made ? PyObject_GetAttrString(made, "id") : nullptr;
    PyObject* name = id ? name_concurrent(id) : nullptr;
    if (name == nullptr || PyObject_SetAttr(PyImport_AddModule("__main__"), name, made) < 0) Py_CLEAR(id);
    Py_XDECREF(name);
    Py_XDECREF(made);
    Py_XDECREF(module);
    return id;
}

#    endif
// Leaks the id object: before 3.13 the interpreter would end with it. Before 3.13, too, the module
// keeps the first thread state and runs code under it.
inline bool start_by_stdlib(Interpreter& made) {
#    if FINFUZZ_HAS(concurrent)
    PyObject* id = made.flavour == kConcurrent ? create_concurrent() : call_stdlib("create", nullptr);
#    else
    PyObject* id = call_stdlib("create", nullptr);
#    endif
    PyObject* number = id ? PyNumber_Index(id) : nullptr;
    if (number) made.state = find_interpreter(PyLong_AsLongLong(number));
    Py_XDECREF(number);
    PyErr_Clear();
    if (made.state) made.first = PyInterpreterState_ThreadHead(made.state);
    return made.state != nullptr;
}

inline void stop_by_stdlib(const Interpreter& ended) {
    PyObject* id = PyLong_FromLongLong(PyInterpreterState_GetID(ended.state));
    PyObject* result = id ? call_stdlib("destroy", id) : nullptr;
    Py_XDECREF(result);
    Py_XDECREF(id);
}

#    if FINFUZZ_HAS(concurrent)
// Drops the object, which nothing else refers to.
inline void stop_concurrent(const Interpreter& ended) {
    PyObject* id = PyLong_FromLongLong(PyInterpreterState_GetID(ended.state));
    PyObject* name = id ? name_concurrent(id) : nullptr;
    if (name) PyObject_DelAttr(PyImport_AddModule("__main__"), name);
    Py_XDECREF(name);
    Py_XDECREF(id);
}

#    endif

#endif
// Creates an interpreter from the current one. Returns false where CPython can't.
inline bool start_interpreter(Interpreter& made) {
#if FINFUZZ_HAS(stdlib)
    if (made.flavour == kStdlib || made.flavour == kConcurrent) return start_by_stdlib(made);
#endif
#if FINFUZZ_HAS(framework)
    if (made.flavour == kFramework && framework.create) {
        made.handle = framework.create();
        return made.handle != nullptr;
    }
#endif
    return start_by_c_api(made);
}

#if FINFUZZ_HAS(framework)
#    if FINFUZZ_HAS(start_released)
// The same without a thread state; the framework says that it needs none.
inline bool start_released(Interpreter& made) {
    if (framework.create_released == nullptr) return start_interpreter(made);
    made.handle = framework.create_released();
    return made.handle != nullptr;
}

#    endif
// Calls `function`, which returns nothing, by the framework's own call.
template <typename Function>
void run_by_framework(const Interpreter& there, Function& function) {
    call_through([&there](auto call, void* argument) { framework.run(there.handle, call, argument); },
                 function);
}

#endif
// Calls `function` in that interpreter, then swaps back.
template <typename Function>
void run_in_interpreter(const Interpreter& there, Function function) {
#if FINFUZZ_HAS(framework)
    if (there.handle) return run_by_framework(there, function);
#endif
    PyThreadState* mine = there.first ? there.first : PyThreadState_New(there.state);
    PyThreadState* caller = PyThreadState_Swap(mine);
    function();
    if (mine != there.first) PyThreadState_Clear(mine);
    PyThreadState_Swap(caller);
    if (mine != there.first) PyThreadState_Delete(mine);
}

// Ends an interpreter, then swaps back. Legal because none of its frames is running and no other
// thread has a state in it: each thread deletes the state that it created (threads.h).
inline void stop_interpreter(const Interpreter& ended) {
#if FINFUZZ_HAS(framework)
    if (ended.handle) return framework.end(ended.handle);
#endif
#if FINFUZZ_HAS(stdlib)
    if (ended.flavour == kStdlib) return stop_by_stdlib(ended);
#    if FINFUZZ_HAS(concurrent)
    if (ended.flavour == kConcurrent) return stop_concurrent(ended);
#    endif
#endif
    PyThreadState* caller = PyThreadState_Swap(ended.first);
    Py_EndInterpreter(ended.first);
    PyThreadState_Swap(caller);
}

}  // namespace finfuzz
