#pragma once

#include <utility>

#include "core.h"
#include "policies.h"

namespace {

// A C++ object that owns Python objects and tells the collector so, as in pybind11's manual.
struct Container {
    Members items;
};

int container_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    if (!payload<Container>(self)) return 0;
    auto &container = py::cast<Container &>(py::handle(self));
    for (py::object &item : container.items) Py_VISIT(item.ptr());
    return 0;
}

int container_clear(PyObject *self) {
    if (!payload<Container>(self)) return 0;
    Members items;  // taken out first: what their destructors do may come back here
    items.swap(py::cast<Container &>(py::handle(self)).items);
    return 0;
}

void set_up_container(PyHeapTypeObject *heap_type) {
    PyTypeObject *type = &heap_type->ht_type;
    type->tp_flags |= Py_TPFLAGS_HAVE_GC;
    type->tp_traverse = container_traverse;
    type->tp_clear = container_clear;
}

void bind_container(py::module_ &m) {
    auto type = py::class_<Container>(m, "Container", py::custom_type_setup(set_up_container));
    type.def(py::init<>());
    type.def("append", [](Container &self, py::object item) { self.items.push_back(std::move(item)); });
#if FINFUZZ_POLICY_HOLD
    hold_capsules(type);
#endif
}

}  // namespace
