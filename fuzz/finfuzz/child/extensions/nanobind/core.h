#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <vector>

#include "../../common/reduced.h"
#if FINFUZZ_TWO
// nanobind takes types of one name for one type, in anonymous namespaces too. Two extensions may share
// its internals, so the types of the second have its name before theirs.
#    ifdef FINFUZZ_MODULE
#        define FINFUZZ_TYPES inline namespace FINFUZZ_MODULE
#    else
#        define FINFUZZ_TYPES namespace
#    endif
#endif
#if FINFUZZ_HAS(set_act)
#    include "../common/act.h"
#endif
#include "../common/names.h"
#include "../../common/probe.h"

namespace nb = nanobind;

FINFUZZ_TYPES {

using Members = std::vector<nb::object>;

#if FINFUZZ_HAS(Instance)
struct Instance FINFUZZ_COUNTED {
    int value = 7;
};

#endif
#if FINFUZZ_HAS(action)
// A native action as an object of Python; the hooks take it for what it is and run it natively.
struct Action {
    finfuzz::Act::Native run;
};

#endif
#if FINFUZZ_HAS(set_act)
// Sets what a hook does: a native action, or anything that can be called.
void set_act(finfuzz::Act &act, const nb::object &wanted) {
#    if FINFUZZ_HAS(action)
    if (nb::isinstance<Action>(wanted)) return act.set(nb::cast<Action &>(wanted).run);
#    endif
    act.set(wanted.ptr());
}

#endif
}  // namespace
