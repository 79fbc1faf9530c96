#pragma once

#include <thread>

#include "../common/waiting.h"
#include "container.h"

namespace {

void cast_back(PyObject *subject) {
    Py_INCREF(subject);
    Py_DECREF(subject);
}

void convert(PyObject *) { Py_XDECREF(PyLong_FromString("5", nullptr, 10)); }

void gil(PyObject *) {
    Py_BEGIN_ALLOW_THREADS
    Py_END_ALLOW_THREADS
}

void native_thread(PyObject *subject) {
    if (!may_wait_for_threads()) return;
    std::thread thread([subject] {
        PyGILState_STATE state = PyGILState_Ensure();
        cast(subject);
        PyGILState_Release(state);
    });
    Py_BEGIN_ALLOW_THREADS
    thread.join();
    Py_END_ALLOW_THREADS
}

struct Named {
    const char *name;
    finfuzz::Act::Native run;
};

// `lookup` stands for `internals` as well: no framework has any.
constexpr Named kActions[] = {
    {"plain", plain},         {"cast", cast},           {"lookup", lookup},
    {"create", create},       {"internals", lookup},    {"cast_back", cast_back},
    {"convert", convert},     {"gil", gil},             {"native_thread", native_thread},
};

PyObject *action_call(PyObject *self, PyObject *args, PyObject *) {
    PyObject *subject;
    if (!PyArg_ParseTuple(args, "O", &subject)) return nullptr;
    FINFUZZ_EVENT(finfuzz::kHookAction);
    reinterpret_cast<Action *>(self)->run(subject);
    Py_RETURN_NONE;
}

PyObject *new_action(PyObject *module, PyObject *name) {
    for (const Named &named : kActions) {
        if (PyUnicode_CompareWithASCIIString(name, named.name) != 0) continue;
        PyObject *type = get_added(module, "Action");
        PyObject *action = type ? PyObject_CallObject(type, nullptr) : nullptr;
        Py_XDECREF(type);
        if (action) reinterpret_cast<Action *>(action)->run = named.run;
        return action;
    }
    return PyErr_Format(PyExc_ValueError, "no such action");
}

PyType_Slot action_slots[] = {
    {Py_tp_call, reinterpret_cast<void *>(action_call)},
    {0, nullptr},
};

PyMethodDef action_functions[] = {
    {"action", new_action, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

bool bind_actions(PyObject *module) {
    return add_type(module, kActionName, action_slots, sizeof(Action), 0) &&
           PyModule_AddFunctions(module, action_functions) == 0;
}

}  // namespace
