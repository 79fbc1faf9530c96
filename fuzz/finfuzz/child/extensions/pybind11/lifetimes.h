#pragma once

#include "core.h"

namespace {

void bind_lifetimes(py::module_ &m) {
    m.def("keep_alive", [](py::handle, py::handle) {}, py::keep_alive<1, 2>());
}

}  // namespace
