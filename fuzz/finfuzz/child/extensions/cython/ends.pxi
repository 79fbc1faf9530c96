# What runs when Python is over looks at memory of C++ alone.

cdef extern from *:
    """
#include "../common/farewells.h"
    """
#if FINFUZZ_HAS(at_py_atexit)
    bint farewell_at_py_atexit "at_py_atexit"()
#endif
#if FINFUZZ_HAS(at_static_destructor)
    void farewell_at_static_destructor "at_static_destructor"()
#endif
#if FINFUZZ_HAS(at_thread_local_destructor)
    void farewell_at_thread_local_destructor "at_thread_local_destructor"()
#endif

#if FINFUZZ_HAS(at_py_atexit)
def at_py_atexit(node, /):
    if not farewell_at_py_atexit():
        raise RuntimeError("no room left for a function of Py_AtExit")

#endif
#if FINFUZZ_HAS(at_static_destructor)
def at_static_destructor(node, /):
    farewell_at_static_destructor()

#endif
#if FINFUZZ_HAS(at_thread_local_destructor)
def at_thread_local_destructor(node, /):
    farewell_at_thread_local_destructor()

#endif
