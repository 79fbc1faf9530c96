// offers: Colour colour_name
#pragma once

#include "core.h"

namespace {

enum class Colour { red = 1, green = 2 };

void bind_enums(py::module_ &m) {
    py::enum_<Colour>(m, "Colour").value("red", Colour::red).value("green", Colour::green);
    m.def("colour_name", [](Colour colour) { return colour == Colour::red ? "red" : "green"; });
}

}  // namespace
