#pragma once

#include "../common/gate.h"
#include "core.h"

FINFUZZ_TYPES {

void wait_for_the_end() {
    SharedGate gate = gate_here();
    if (!gate) throw nb::python_error();
    gate->enter();
    {
        nb::gil_scoped_release released;
        gate->wait();
    }
    FINFUZZ_EVENT(finfuzz::kHookThreadReturned);
}

void bind_returning(nb::module_ &m) { m.def("wait_for_the_end", &wait_for_the_end); }

}  // namespace
