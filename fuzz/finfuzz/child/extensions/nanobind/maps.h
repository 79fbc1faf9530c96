#pragma once

#include <nanobind/stl/bind_map.h>

#include <map>
#include <utility>

#include "members.h"

FINFUZZ_TYPES {

struct Item : WithMembers {};
struct Items : std::map<int, Item> {};

void add_item(Items &items, nb::object target) {
    items[static_cast<int>(items.size())].members.push_back(std::move(target));
}

void bind_maps(nb::module_ &m) {
    bind_with_members<Item>(m, "Item");
    nb::bind_map<Items>(m, "Items").def("add", &add_item);
}

}  // namespace
