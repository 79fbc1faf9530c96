#pragma once

#include "../common/freed_module.h"
#include "core.h"

namespace {

py::object module_with_free(const py::object &node, const py::object &wanted) {
    auto module = py::reinterpret_steal<py::object>(finfuzz::new_freed_module(node.ptr()));
    if (!module) throw py::error_already_set();
    set_act(finfuzz::FreedModule::of(module.ptr())->act, wanted);
    return module;
}

void bind_modules(py::module_ &m) { m.def("module_with_free", &module_with_free); }

}  // namespace
