#pragma once

#include <nanobind/intrusive/counter.inl>
#include <utility>
#include <vector>

#include "members.h"
#ifdef NB_VERSION_MAJOR  // after nanobind itself, or there is no type caster in it
#    include <nanobind/intrusive/ref.h>
#endif

FINFUZZ_TYPES {

// Counts its own references until it has a Python object, and that one's from then on.
struct Intrusive : nb::intrusive_base, WithMembers {
    std::vector<nb::ref<Intrusive>> others;
};

void count_by_python() {
    nb::intrusive_init(
        [](PyObject *object) noexcept {
            nb::gil_scoped_acquire taken;
#if NB_VERSION_MAJOR >= 3
            if (!taken.is_valid()) return;
#endif
            Py_INCREF(object);
        },
        [](PyObject *object) noexcept {
            nb::gil_scoped_acquire taken;
#if NB_VERSION_MAJOR >= 3
            if (!taken.is_valid()) return;
#endif
            Py_DECREF(object);
        });
}

void bind_intrusive(nb::module_ &m) {
    count_by_python();
    auto set_self = [](Intrusive *object, PyObject *self) noexcept { object->set_self_py(self); };
    nb::class_<Intrusive>(m, "Intrusive", nb::intrusive_ptr<Intrusive>(set_self))
        .def(nb::init<>())
        .def_static("made", [] { return nb::ref<Intrusive>(new Intrusive); })
        .def("add", [](Intrusive &self,
                       nb::ref<Intrusive> target) { self.others.push_back(std::move(target)); })
        .def("add", &add_member<Intrusive>);
}

}  // namespace
