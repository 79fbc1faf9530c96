#pragma once

#include "core.h"

namespace {

enum class Colour { red = 1, green = 2 };
enum class Shade {};  // one without values is freed in another way (pybind11 issue 5976)

void bind_enums(py::module_ &m) {
    py::enum_<Colour>(m, "Colour").value("red", Colour::red).value("green", Colour::green);
    py::enum_<Shade>(m, "Shade");
    m.def("colour_name", [](Colour colour) { return colour == Colour::red ? "red" : "green"; });
}

}  // namespace
