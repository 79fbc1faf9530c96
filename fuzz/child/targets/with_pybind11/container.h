// Container, the type of pybind11's manual (custom_type_setup): a C++ object that owns Python objects
// and tells the collector so. Its hooks may do more than that, each of it something extensions do.
#pragma once

#include <utility>

#include "core.h"

namespace {

void plain(PyObject *) {}
void cast(PyObject *subject);

struct Container : finfuzz::Counted {
    Members items;
    finfuzz::Act acts[3] = {finfuzz::Act(cast), finfuzz::Act(cast), finfuzz::Act(plain)};
};

void container_dealloc(PyObject *self);

// Without asking the framework, which may be what is gone: its types' names are in its internals.
bool is_container(PyObject *subject) {
    for (PyTypeObject *type = Py_TYPE(subject); type; type = type->tp_base)
        if (type->tp_dealloc == container_dealloc) return true;
    return false;
}

// `cast` is the pattern of pybind11's manual and does not catch what it throws. That another type
// may be gone by now is the extension's business to expect, so what is no container is asked for
// and `lookup` and `create` take no for an answer.
void cast(PyObject *subject) {
    if (is_container(subject))
        (void) py::cast<Container &>(py::handle(subject));
    else
        (void) py::detail::make_caster<Instance>().load(subject, false);
}

void lookup(PyObject *) { (void) py::detail::get_type_handle(typeid(Instance), false); }

void create(PyObject *) {
    if (!py::cast(Instance{})) PyErr_Clear();
}

void set_act(finfuzz::Act &act, const py::object &wanted) {
    if (py::isinstance<Action>(wanted))
        act.set(wanted.cast<Action &>().run);
    else
        act.set(wanted.ptr());
}

Container *act(PyObject *self, int hook) {
    finfuzz::event(hook);
    auto *container = payload<Container>(self);
    if (container) container->acts[hook].run(self);
    return container;
}

int container_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    Container *container = act(self, finfuzz::kHookTraverse);
    if (!container) return 0;
    for (py::object &item : container->items) Py_VISIT(item.ptr());
    return 0;
}

// What dealloc does stays: it is for the end. What cycle it may be in has other members that can be
// cleared.
int container_clear(PyObject *self) {
    if (Container *container = act(self, finfuzz::kHookClear)) {
        // Taken out first: what the items' destructors do may come back here.
        Members items;
        items.swap(container->items);
        container->acts[finfuzz::kHookTraverse].drop();
        container->acts[finfuzz::kHookClear].drop();
    }
    return 0;
}

destructor native_dealloc = nullptr;  // pybind11's own, which Container's chains to

void container_dealloc(PyObject *self) {
    PyObject_GC_UnTrack(self);  // before anything that may collect, as tp_dealloc must
    {
        finfuzz::PendingError pending;
        act(self, finfuzz::kHookDealloc);
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

py::class_<Container> bind_container(py::module_ &m) {
    return py::class_<Container>(m, "Container", py::custom_type_setup(set_up_container))
        .def(py::init<>())
        .def("append", [](Container &self, py::object item) { self.items.push_back(std::move(item)); })
        .def("hook", [](Container &self, unsigned hook, const py::object &wanted) {
            set_act(self.acts[hook % 3], wanted);
        });
}

}  // namespace
