cdef void take_gil() noexcept nogil:
    with gil:
        FINFUZZ_EVENT(kHookGilTaken);
        pass

cdef class GilStateTaker:
    """Its destructor takes the GIL, as a C++ destructor does that calls back."""
    cdef object __weakref__

    def __dealloc__(self):
        take_gil()

