// The calling thread's state, or null. It is the state that is attached to the thread; before 3.12 it is
// that of whatever thread holds the GIL.
#pragma once

#include <Python.h>

namespace finfuzz {

[[gnu::always_inline]] inline PyThreadState* get_thread_state_unchecked() {
#if PY_VERSION_HEX >= 0x030D0000
    return PyThreadState_GetUnchecked();
#else
    return _PyThreadState_UncheckedGet();
#endif
}

}  // namespace finfuzz
