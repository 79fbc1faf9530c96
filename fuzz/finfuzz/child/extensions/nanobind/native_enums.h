#pragma once

#include "core.h"

FINFUZZ_TYPES {

enum class NativeColour { red = 1, green = 2 };

void bind_native_enums(nb::module_ &m) {
    nb::enum_<NativeColour>(m, "NativeColour")
        .value("red", NativeColour::red)
        .value("green", NativeColour::green);
}

}  // namespace
