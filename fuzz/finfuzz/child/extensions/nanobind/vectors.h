#pragma once

#include <nanobind/stl/bind_vector.h>

#include <vector>

#include "core.h"

FINFUZZ_TYPES {

struct Objects : std::vector<nb::object> {};

void bind_vectors(nb::module_ &m) { nb::bind_vector<Objects>(m, "Objects"); }

}  // namespace
