#if FINFUZZ_HAS(Dynamic)
cdef class Dynamic:
    cdef object __weakref__
    cdef dict __dict__

#endif
#if FINFUZZ_HAS(WithMetaclass)
class Metaclass(type):
    pass

class WithMetaclass(metaclass=Metaclass):
    __slots__ = ("__weakref__",)

#endif
#if FINFUZZ_HAS(First) || FINFUZZ_HAS(Second)
cdef class First:
    cdef object __weakref__

cdef class Second:
    """Without fields of its own, so that a class of Python can derive from both."""

#endif
#if FINFUZZ_HAS(NoGc)
@cython.no_gc
cdef class NoGc:
    """Unknown to the collector."""
    cdef object __weakref__
    cdef public object held

#endif
#if FINFUZZ_HAS(NoGcClear)
@cython.no_gc_clear
cdef class NoGcClear:
    """Known to the collector, which never clears it."""
    cdef object __weakref__
    cdef public object held

    def __dealloc__(self):
        FINFUZZ_EVENT(kHookDealloc);
        cdef object still_there = self.held

#endif
#if FINFUZZ_HAS(Freelist)
@cython.freelist(8)
cdef class Freelist:
    """Eight of them are kept for the next ones, also of those whose constructor fails."""
    cdef object __weakref__
    cdef public object held

    def __cinit__(self, bint fails=False):
        self.held = None if fails else []
        if fails:
            raise ValueError("no object comes of this")

#endif
#if FINFUZZ_HAS(Finalized)
cdef class Finalized:
    """Its `__del__` runs while the object is whole."""
    cdef object __weakref__
    cdef public object held, act

    def __del__(self):
        if self.act is not None:
            self.act(self)

#endif
#if FINFUZZ_HAS(Derived)
cdef class Base:
    cdef object __weakref__
    cdef public object held

    def __dealloc__(self):
        FINFUZZ_EVENT(kHookDealloc);
        pass

@cython.trashcan(True)
cdef class Derived(Base):
    """Has fields of its own beside those of its base, and both have destructors. Long chains of them
    are freed without deep recursion."""
    cdef public object own

    def __dealloc__(self):
        FINFUZZ_EVENT(kHookDealloc);
        pass

#endif
#if FINFUZZ_HAS(ListChild)
cdef class ListChild(list):
    cdef object __weakref__
    cdef public object held

#endif
