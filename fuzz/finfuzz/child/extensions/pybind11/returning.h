#pragma once

#include "../common/gate.h"
#include "core.h"

namespace {

void wait_for_the_end() {
    SharedGate gate = gate_here();
    if (!gate) throw py::error_already_set();
    gate->enter();
    {
        py::gil_scoped_release released;
        gate->wait();
    }
    FINFUZZ_EVENT(finfuzz::kHookThreadReturned);
}

void bind_returning(py::module_ &m) { m.def("wait_for_the_end", &wait_for_the_end); }

}  // namespace
