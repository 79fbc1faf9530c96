cdef class Container:
    """Owns objects in a list, which the collector sees.

    Cython writes `tp_traverse` and `tp_clear` itself, so there is one hook. What it does stays until
    the object is gone, unseen by the collector.
    """
    cdef object __weakref__
    cdef list items
#if FINFUZZ_HAS(hook)
    cdef Act at_dealloc
#endif
#if !FINFUZZ_ALONE
    cdef Counted counted
#endif

    def __cinit__(self):
        self.items = []

    def append(self, item, /):
        self.items.append(item)

#if FINFUZZ_HAS(hook)
    def hook(self, str name, wanted, /):
        if name != "dealloc":
            raise ValueError("Cython has no hook " + name)
        set_act(&self.at_dealloc, wanted)

    def __dealloc__(self):
        FINFUZZ_EVENT(kHookDealloc);
        self.at_dealloc.run(<PyObject *>self)

#endif
