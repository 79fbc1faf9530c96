#if FINFUZZ_HAS(takes_wrapped)
def takes_wrapped(int value, /):
    return value

#endif
#if FINFUZZ_HAS(takes_releasing)
from posix.unistd cimport usleep

def takes_releasing(int value, /):
    """Other threads can come here meanwhile."""
    with nogil:
        usleep(1000)
    return value

#endif
#if FINFUZZ_HAS(value_of)
def value_of(Instance instance not None, /):
    return instance.value

#endif
#if FINFUZZ_HAS(same)
def same(Instance instance not None, /):
    cdef PyObject *pointer = <PyObject *>instance
    return <object>pointer

#endif
