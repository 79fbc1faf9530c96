#pragma once

#include "members.h"

FINFUZZ_TYPES {

#if FINFUZZ_HAS(Dynamic)
struct Dynamic FINFUZZ_COUNTED {};
#endif
#if FINFUZZ_HAS(New)
struct New : WithMembers {};
#endif
#if FINFUZZ_HAS(Static)
struct Static FINFUZZ_COUNTED {};
#endif
#if FINFUZZ_HAS(Whole)
struct Part : WithMembers {};

// Not counted itself: with that base of its part's it would have an address of its own.
struct Whole {
    Part part;
};

#endif
void bind_classes(nb::module_ &m) {
#if FINFUZZ_HAS(Dynamic)
    nb::class_<Dynamic>(m, "Dynamic", nb::dynamic_attr()).def(nb::init<>());
#endif
#if FINFUZZ_HAS(New)
    // Made by __new__. With no argument, some releases before 2.4 lack it.
    auto make = [](nb::object member) {
        New made;
        made.members.push_back(std::move(member));
        return made;
    };
    bind_with_members<New>(m, "New").def(nb::new_(make));
#endif
#if FINFUZZ_HAS(Static)
    nb::class_<Static>(m, "Static").def_prop_ro_static("value", [](nb::handle) { return 7; });
#endif
#if FINFUZZ_HAS(Whole)
    bind_with_members<Part>(m, "Part");
    nb::class_<Whole>(m, "Whole").def(nb::init<>()).def_ro("part", &Whole::part);
#endif
}

}  // namespace
