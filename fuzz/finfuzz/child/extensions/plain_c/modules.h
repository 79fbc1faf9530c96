#pragma once

#include "../common/freed_module.h"
#include "container.h"

namespace {

PyObject *module_with_free(PyObject *, PyObject *args) {
    PyObject *node, *wanted;
    if (!PyArg_ParseTuple(args, "OO", &node, &wanted)) return nullptr;
    PyObject *module = finfuzz::new_freed_module(node);
    if (module) set_act(finfuzz::FreedModule::of(module)->act, wanted);
    return module;
}

PyMethodDef modules_functions[] = {
    {"module_with_free", module_with_free, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

bool bind_modules(PyObject *module) {
    return PyModule_AddFunctions(module, modules_functions) == 0;
}

}  // namespace
