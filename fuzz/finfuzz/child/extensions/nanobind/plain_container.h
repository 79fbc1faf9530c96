#pragma once

#include <utility>

#include "core.h"

FINFUZZ_TYPES {

// A C++ object that owns Python objects and tells the collector so, as in nanobind's manual.
struct Container {
    Members items;
};

int container_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    if (!nb::inst_ready(self)) return 0;
    for (nb::object &item : nb::inst_ptr<Container>(self)->items) Py_VISIT(item.ptr());
    return 0;
}

int container_clear(PyObject *self) {
    if (!nb::inst_ready(self)) return 0;
    Members items;  // taken out first: what their destructors do may come back here
    items.swap(nb::inst_ptr<Container>(self)->items);
    return 0;
}

PyType_Slot container_slots[] = {
    {Py_tp_traverse, reinterpret_cast<void *>(container_traverse)},
    {Py_tp_clear, reinterpret_cast<void *>(container_clear)},
    {0, nullptr},
};

void bind_container(nb::module_ &m) {
    nb::class_<Container>(m, "Container", nb::type_slots(container_slots), nb::is_weak_referenceable())
        .def(nb::init<>())
        .def("append", [](Container &self, nb::object item) { self.items.push_back(std::move(item)); });
}

}  // namespace
