#pragma once

#include <nanobind/stl/bind_vector.h>

#include <utility>
#include <vector>

#include "members.h"

namespace {

#if FINFUZZ_HAS(Objects)
struct Objects : std::vector<nb::object> {};
#endif
#if FINFUZZ_HAS(Items)
struct Item : WithMembers {};
struct Items : std::vector<Item> {};

void add_item(Items &items, nb::object target) {
    items.emplace_back();
    items.back().members.push_back(std::move(target));
}

#endif
void bind_vectors(nb::module_ &m) {
#if FINFUZZ_HAS(Objects)
    nb::bind_vector<Objects>(m, "Objects");
#endif
#if FINFUZZ_HAS(Items)
    bind_with_members<Item>(m, "Item").def(nb::init<>());
    nb::bind_vector<Items>(m, "Items").def("add", &add_item);
#endif
}

}  // namespace
