#pragma once

#include <nanobind/stl/chrono.h>

#include <chrono>

#include "core.h"

FINFUZZ_TYPES {

// nanobind asks the standard library's datetime for its types when it first needs them.
void bind_times(nb::module_ &m) {
    m.def("duration", [](int seconds) { return std::chrono::seconds(seconds); });
    m.def("seconds", [](std::chrono::seconds duration) { return duration.count(); });
}

}  // namespace
