#if FINFUZZ_HAS(Numbers)
cdef class Numbers:
    """Can be iterated over."""
    cdef object __weakref__
    cdef int values[3]

    def __cinit__(self):
        self.values = [1, 2, 3]

    def __iter__(self):
        return NumbersIterator(self)

cdef class NumbersIterator:
    cdef object __weakref__
    cdef Numbers numbers
    cdef int index

    def __cinit__(self, Numbers numbers):
        self.numbers = numbers

    def __iter__(self):
        return self

    def __next__(self):
        if self.numbers is None or self.index == 3:
            raise StopIteration
        self.index += 1
        return self.numbers.values[self.index - 1]

#endif
#if FINFUZZ_HAS(Buffer)
cdef class Buffer:
    """Sixteen bytes that can be viewed, and an object that goes with them."""
    cdef object __weakref__
    cdef unsigned char data[16]
    cdef Py_ssize_t size
    cdef public object held

    def __cinit__(self):
        self.data[:] = [7] * 16
        self.size = 16

    def __getbuffer__(self, Py_buffer *view, int flags):
        view.buf = self.data
        view.obj = self
        view.len = 16
        view.itemsize = 1
        view.readonly = 0
        view.format = "B"
        view.ndim = 1
        view.shape = &self.size
        view.strides = &view.itemsize
        view.suboffsets = NULL
        view.internal = NULL

    def __releasebuffer__(self, Py_buffer *view):
        pass

#endif
