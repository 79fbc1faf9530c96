#if FINFUZZ_HAS(native_function)
def native_function():
    held = []

    def give(*targets, **named):
        held.extend(targets)
        return held

    return give

#endif
#if FINFUZZ_HAS(fused)
ctypedef fused Number:
    int
    double

def fused(Number value, /):
    return value

#endif
#if FINFUZZ_HAS(c_function)
cdef int add_one(int value) except? -1:
    return value + 1

def c_function():
    """A function of C as a function of Python, which Cython wraps."""
    return add_one

#endif
#if FINFUZZ_HAS(answer)
def answer():
    return 42

#endif
#if FINFUZZ_HAS(Callee)
cdef class Callee:
#if !FINFUZZ_ALONE
    cdef Counted counted
#endif

    def answer(self):
        return 42

#endif
