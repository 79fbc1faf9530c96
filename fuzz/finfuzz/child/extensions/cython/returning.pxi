cdef extern from *:
    """
#include "../common/gate.h"

namespace {

// The gate of this interpreter, with this thread in it; null, with an exception set, without one. The
// interpreter keeps the gate until it has opened.
Gate *enter_gate() {
    SharedGate gate = gate_here();
    if (gate) gate->enter();
    return gate.get();
}

}  // namespace
    """
    cppclass Gate:
        void wait() nogil
    Gate *enter_gate() except NULL

def wait_for_the_end():
    cdef Gate *gate = enter_gate()
    with nogil:
        gate.wait()
    FINFUZZ_EVENT(kHookThreadReturned);

