#pragma once

#include "core.h"

FINFUZZ_TYPES {

void bind_lifetimes(nb::module_ &m) {
    m.def("keep_alive", [](nb::handle, nb::handle) {}, nb::keep_alive<1, 2>());
}

}  // namespace
