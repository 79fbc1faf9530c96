# Cdef classes around C++ objects, which own Python objects: the collector sees none of them.

#if FINFUZZ_HAS(Unique)
from libcpp.memory cimport unique_ptr

cdef class Unique:
    cdef object __weakref__
    cdef unique_ptr[Members] members

    def __cinit__(self):
        self.members.reset(new Members())

    def set_member(self, target, /):
        self.members.get().add(<PyObject *>target)

#endif
#if FINFUZZ_HAS(Holder)
cdef class Holder:
    cdef object __weakref__
    cdef Members members

    def set_member(self, target, /):
        self.members.add(<PyObject *>target)

#endif
#if FINFUZZ_HAS(Callback)
cdef class Callback:
    """Has functions for C++ to call, each with an object in its closure."""
    cdef object __weakref__
    cdef Members functions

    def set_member(self, target, /):
        function = lambda: target
        self.functions.add(<PyObject *>function)

#endif
