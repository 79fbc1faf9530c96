#pragma once

#include "../common/owner.h"
#include "core.h"

FINFUZZ_TYPES {

void end_held(void *pointer) noexcept {
    finfuzz::PendingError pending;
    FINFUZZ_EVENT(finfuzz::kHookCapsule);
    auto *owner = static_cast<finfuzz::Owner *>(pointer);
    owner->act.run(owner->held.empty() ? Py_None : owner->held.front());
    for (PyObject *object : owner->held) Py_DECREF(object);
    delete owner;
}

nb::capsule new_capsule() { return nb::capsule(new finfuzz::Owner, finfuzz::kOwnerName, end_held); }

void give_to_capsule(const nb::capsule &capsule, const nb::object &target) {
    if (!finfuzz::give_to_owner(capsule.ptr(), target.ptr())) throw nb::python_error();
}

void at_capsule(const nb::capsule &capsule, const nb::object &wanted) {
    finfuzz::Owner *owner = finfuzz::owner_of(capsule.ptr());
    if (!owner) throw nb::python_error();
    set_act(owner->act, wanted);
}

void bind_capsules(nb::module_ &m) {
    m.def("capsule", &new_capsule);
    m.def("set_member", &give_to_capsule);
    m.def("at_capsule", &at_capsule);
}

}  // namespace
