#pragma once

#include <cstring>
#include <utility>

#include "core.h"

FINFUZZ_TYPES {

void plain(PyObject *) {}
void cast(PyObject *subject);

// The type of nanobind's manual ("Fixing reference leaks"): a C++ object that owns Python objects and
// tells the collector so. Its hooks may do more than that, each of it something extensions do.
struct Container FINFUZZ_COUNTED {
    Members items;
    finfuzz::Act at_traverse{cast}, at_clear{cast}, at_dealloc{plain};

    // nanobind has a tp_dealloc of its own, which no annotation replaces and which calls this. The
    // Python object can't be referred to any more, so the subject is None.
    ~Container() {
        finfuzz::PendingError pending;
        FINFUZZ_EVENT(finfuzz::kHookDealloc);
        at_dealloc.run(Py_None);
    }
};

int container_traverse(PyObject *self, visitproc visit, void *arg);

// Without asking the framework, which may be what is gone. PyType_GetSlot takes static types only
// since 3.10, and none of them is ours.
bool is_container(PyObject *subject) {
    for (PyTypeObject *type = Py_TYPE(subject);
         type && PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE);
         type = static_cast<PyTypeObject *>(PyType_GetSlot(type, Py_tp_base)))
        if (PyType_GetSlot(type, Py_tp_traverse) == reinterpret_cast<void *>(container_traverse))
            return true;
    return false;
}

// A type may be unknown to nanobind by now, which is the extension's business to expect: so this takes
// no for an answer, and `lookup` and `create` do, too.
void cast(PyObject *subject) {
    if (is_container(subject)) {
        Container *container;
        (void) nb::try_cast(nb::handle(subject), container);
    } else if (nb::isinstance<Instance>(subject)) {
        Instance *instance;
        (void) nb::try_cast(nb::handle(subject), instance);
    }
}

// May come before __init__ has run, so the C++ object may not be there.
int container_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    FINFUZZ_EVENT(finfuzz::kHookTraverse);
    if (!nb::inst_ready(self)) return 0;
    auto *container = nb::inst_ptr<Container>(self);
    container->at_traverse.run(self);
    for (nb::object &item : container->items) Py_VISIT(item.ptr());
    return 0;
}

// What dealloc does stays: it is for the end. What cycle it may be in has other members that can be
// cleared.
int container_clear(PyObject *self) {
    FINFUZZ_EVENT(finfuzz::kHookClear);
    if (!nb::inst_ready(self)) return 0;
    auto *container = nb::inst_ptr<Container>(self);
    container->at_clear.run(self);
    Members items;  // taken out first: what their destructors do may come back here
    items.swap(container->items);
    container->at_traverse.drop();
    container->at_clear.drop();
    return 0;
}

PyType_Slot container_slots[] = {
    {Py_tp_traverse, reinterpret_cast<void *>(container_traverse)},
    {Py_tp_clear, reinterpret_cast<void *>(container_clear)},
    {0, nullptr},
};

void set_hook(Container &self, const char *hook, const nb::object &wanted) {
    bool at_traverse = std::strcmp(hook, "traverse") == 0, at_clear = std::strcmp(hook, "clear") == 0;
    set_act(at_traverse ? self.at_traverse : at_clear ? self.at_clear : self.at_dealloc, wanted);
}

void bind_container(nb::module_ &m) {
    nb::class_<Container>(m, "Container", nb::type_slots(container_slots), nb::is_weak_referenceable())
        .def(nb::init<>())
        .def("append", [](Container &self, nb::object item) { self.items.push_back(std::move(item)); })
        .def("hook", &set_hook);
}

}  // namespace
