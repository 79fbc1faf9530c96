# Objects that C++ owns.

cdef extern from *:
    cppclass Members:
        void add(PyObject *object)

def set_member(source, target, /):
#if FINFUZZ_HAS(capsule)
    if PyCapsule_CheckExact(source):
        give_to_owner(source, target)
        return
#endif
#if FINFUZZ_HAS(native_function)
    if callable(source):
        source(target)
        return
#endif
    source.set_member(target)

