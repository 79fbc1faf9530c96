#pragma once

#include "../common/owner.h"
#include "core.h"

namespace {

py::object new_capsule() { return py::reinterpret_steal<py::object>(finfuzz::new_owner()); }

void give_to_capsule(const py::capsule &capsule, const py::object &target) {
    if (!finfuzz::give_to_owner(capsule.ptr(), target.ptr())) throw py::error_already_set();
}

void at_capsule(const py::capsule &capsule, const py::object &wanted) {
    finfuzz::Owner *owner = finfuzz::owner_of(capsule.ptr());
    if (!owner) throw py::error_already_set();
    set_act(owner->act, wanted);
}

void bind_capsules(py::module_ &m) {
    m.def("capsule", &new_capsule);
    m.def("set_member", &give_to_capsule);
    m.def("at_capsule", &at_capsule);
}

}  // namespace
