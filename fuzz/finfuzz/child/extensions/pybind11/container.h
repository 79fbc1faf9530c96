#pragma once

#include <utility>

#include "core.h"
#include "policies.h"

namespace {

void plain(PyObject *) {}
void cast(PyObject *subject);

// The type of pybind11's manual (custom_type_setup): a C++ object that owns Python objects and tells
// the collector so. Its hooks may do more than that, each of it something extensions do.
struct Container FINFUZZ_COUNTED {
    Members items;
    finfuzz::Act at_traverse{cast}, at_clear{cast}, at_dealloc{plain};
};

void container_dealloc(PyObject *self);

// Without asking the framework, which may be what is gone: its types' names are in its internals.
bool is_container(PyObject *subject) {
    for (PyTypeObject *type = Py_TYPE(subject); type; type = type->tp_base)
        if (type->tp_dealloc == container_dealloc) return true;
    return false;
}

// The pattern of pybind11's manual, which does not catch what it throws. That another type may be
// gone by now is the extension's business to expect, so what is no container is asked for, and
// `lookup` and `create` take no for an answer.
void cast(PyObject *subject) {
    if (is_container(subject))
        (void) py::cast<Container &>(py::handle(subject));
    else
        (void) py::detail::make_caster<Instance>().load(subject, false);
}

int container_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    FINFUZZ_EVENT(finfuzz::kHookTraverse);
    auto *container = payload<Container>(self);
    if (!container) return 0;
    container->at_traverse.run(self);
    for (py::object &item : container->items) Py_VISIT(item.ptr());
    return 0;
}

// What dealloc does stays: it is for the end. What cycle it may be in has other members that can be
// cleared.
int container_clear(PyObject *self) {
    FINFUZZ_EVENT(finfuzz::kHookClear);
    auto *container = payload<Container>(self);
    if (!container) return 0;
    container->at_clear.run(self);
    Members items;  // taken out first: what their destructors do may come back here
    items.swap(container->items);
    container->at_traverse.drop();
    container->at_clear.drop();
    return 0;
}

destructor native_dealloc = nullptr;  // pybind11's own, which Container's chains to

void container_dealloc(PyObject *self) {
    PyObject_GC_UnTrack(self);  // before anything that may collect, as tp_dealloc must
    {
        finfuzz::PendingError pending;
        FINFUZZ_EVENT(finfuzz::kHookDealloc);
        if (auto *container = payload<Container>(self)) container->at_dealloc.run(self);
    }
    native_dealloc(self);
}

void set_up_container(PyHeapTypeObject *heap_type) {
    PyTypeObject *type = &heap_type->ht_type;
    native_dealloc = type->tp_base->tp_dealloc;
    type->tp_flags |= Py_TPFLAGS_HAVE_GC;
    type->tp_traverse = container_traverse;
    type->tp_clear = container_clear;
    type->tp_dealloc = container_dealloc;
}

void set_hook(Container &self, const std::string &hook, const py::object &wanted) {
    set_act(hook == "traverse" ? self.at_traverse : hook == "clear" ? self.at_clear : self.at_dealloc,
            wanted);
}

void bind_container(py::module_ &m) {
    auto type = py::class_<Container>(m, "Container", py::custom_type_setup(set_up_container));
    type.def(py::init<>());
    type.def("append", [](Container &self, py::object item) { self.items.push_back(std::move(item)); });
    type.def("hook", &set_hook);
#if FINFUZZ_POLICY_HOLD
    hold_capsules(type);
#endif
}

}  // namespace
