# Typed memoryviews, which are objects of Cython's own.

#if FINFUZZ_HAS(view_of)
def view_of(exporter, /):
    cdef unsigned char[:] view = exporter
    return view

#endif
#if FINFUZZ_HAS(ViewKeeper)
cdef class ViewKeeper:
    """Has a typed memoryview as a field."""
    cdef object __weakref__
    cdef unsigned char[:] view

    def __cinit__(self, exporter):
        self.view = exporter

    @property
    def exporter(self):
        return self.view.base

#endif
#if FINFUZZ_HAS(array)
from cython cimport view

def array():
    return view.array(shape=(4,), itemsize=1, format="B")

#endif
