#pragma once

#include "members.h"

FINFUZZ_TYPES {

#if FINFUZZ_HAS(Weak)
struct Weak : WithMembers {};
#endif
#if FINFUZZ_HAS(WeakDynamic)
struct WeakDynamic : WithMembers {};
#endif
#if FINFUZZ_HAS(Pooled)
struct Pooled : WithMembers {};

// Before 2.13 nanobind has no pools: an ordinary class.
#    if NB_VERSION_MAJOR > 2 || NB_VERSION_MINOR >= 13
nb::class_<Pooled> bind_pooled(nb::module_ &m) {
    return bind_with_members<Pooled>(m, "Pooled", nb::pooled(2));
}
#    else
nb::class_<Pooled> bind_pooled(nb::module_ &m) { return bind_with_members<Pooled>(m, "Pooled"); }
#    endif

#endif
#if FINFUZZ_HAS(Supplemented)
struct Supplemented : WithMembers {};

struct Supplement {
    int uses;
};

int use_supplement(nb::handle self) { return ++nb::type_supplement<Supplement>(self.type()).uses; }

#endif
void bind_annotations(nb::module_ &m) {
#if FINFUZZ_HAS(Weak)
    bind_with_members<Weak>(m, "Weak", nb::is_weak_referenceable()).def(nb::init<>());
#endif
#if FINFUZZ_HAS(WeakDynamic)
    bind_with_members<WeakDynamic>(m, "WeakDynamic", nb::is_weak_referenceable(), nb::dynamic_attr())
        .def(nb::init<>());
#endif
#if FINFUZZ_HAS(Pooled)
    bind_pooled(m).def(nb::init<>());
#endif
#if FINFUZZ_HAS(Supplemented)
    bind_with_members<Supplemented>(m, "Supplemented", nb::supplement<Supplement>())
        .def(nb::init<>())
        .def("use", &use_supplement);
#endif
}

}  // namespace
