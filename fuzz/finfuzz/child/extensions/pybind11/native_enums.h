#pragma once

#include <pybind11/native_enum.h>

#include "core.h"

namespace {

enum class NativeColour { red = 1, green = 2 };

void bind_native_enums(py::module_ &m) {
    py::native_enum<NativeColour>(m, "NativeColour", "enum.Enum")
        .value("red", NativeColour::red)
        .value("green", NativeColour::green)
        .finalize();
}

}  // namespace
