#pragma once

#include "../common/freed_module.h"
#include "core.h"

FINFUZZ_TYPES {

nb::object module_with_free(const nb::object &node, const nb::object &wanted) {
    auto module = nb::steal(finfuzz::new_freed_module(node.ptr()));
    if (!module.is_valid()) throw nb::python_error();
    set_act(finfuzz::FreedModule::of(module.ptr())->act, wanted);
    return module;
}

void bind_modules(nb::module_ &m) { m.def("module_with_free", &module_with_free); }

}  // namespace
