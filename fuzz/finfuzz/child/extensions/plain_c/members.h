#pragma once

#include "../common/owner.h"
#include "container.h"

namespace {

// The function that `native_function` makes: its self is a capsule, which owns what comes.
PyObject *give(PyObject *capsule, PyObject *target) {
    if (!finfuzz::give_to_owner(capsule, target)) return nullptr;
    Py_RETURN_NONE;
}

PyObject *native_function(PyObject *, PyObject *) {
    static PyMethodDef definition = {"give", give, METH_O, nullptr};
    PyObject *capsule = finfuzz::new_owner();
    PyObject *function = capsule ? PyCFunction_New(&definition, capsule) : nullptr;
    Py_XDECREF(capsule);
    return function;
}

PyObject *set_member(PyObject *, PyObject *args) {
    PyObject *source, *target;
    if (!PyArg_ParseTuple(args, "OO", &source, &target)) return nullptr;
    if (PyCapsule_CheckExact(source)) return give(source, target);
    if (PyCFunction_Check(source)) return PyObject_CallFunctionObjArgs(source, target, nullptr);
    if (!finfuzz::is_a(source, kNodeName)) return PyErr_Format(PyExc_TypeError, "has no members");
    add_member(source, target);
    Py_RETURN_NONE;
}

PyObject *new_capsule(PyObject *, PyObject *) { return finfuzz::new_owner(); }

PyObject *at_capsule(PyObject *, PyObject *args) {
    PyObject *capsule, *wanted;
    if (!PyArg_ParseTuple(args, "OO", &capsule, &wanted)) return nullptr;
    finfuzz::Owner *owner = finfuzz::owner_of(capsule);
    if (!owner) return nullptr;
    set_act(owner->act, wanted);
    Py_RETURN_NONE;
}

PyMethodDef members_functions[] = {
    {"set_member", set_member, METH_VARARGS, nullptr},
    {"keep_alive", set_member, METH_VARARGS, nullptr},
    {"native_function", native_function, METH_NOARGS, nullptr},
    {"capsule", new_capsule, METH_NOARGS, nullptr},
    {"at_capsule", at_capsule, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

bool bind_members(PyObject *module) {
    return PyModule_AddFunctions(module, members_functions) == 0;
}

}  // namespace
