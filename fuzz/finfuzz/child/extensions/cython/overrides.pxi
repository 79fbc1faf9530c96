cdef class Overridable:
    """Its method can be overridden, and C finds the override."""
    cdef object __weakref__

    cpdef int answer(self) except? -1:
        return 7

def call_override(Overridable instance not None, /):
    return instance.answer()

