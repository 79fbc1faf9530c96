#pragma once

#include <nanobind/stl/bind_map.h>

#include <map>

#include "core.h"

namespace {

struct ObjectMap : std::map<int, nb::object> {};

void bind_maps(nb::module_ &m) { nb::bind_map<ObjectMap>(m, "ObjectMap"); }

}  // namespace
