#if FINFUZZ_HAS(Error)
class Error(Exception):
    pass

#endif
#if FINFUZZ_HAS(NativeError)
cdef class NativeError(Exception):
    cdef object __weakref__
    cdef public object held

#endif
#if FINFUZZ_HAS(KeptError)
cdef class KeptError:
    """Keeps an exception that it caught, with a traceback that has frames of Cython's."""
    cdef object __weakref__
    cdef readonly object error

    def set_member(self, target, /):
        try:
            raise ValueError(target, self.error)
        except ValueError as error:
            self.error = error

#endif
#if FINFUZZ_HAS(traceback)
def traceback():
    try:
        raise ValueError
    except ValueError as error:
        return error.__traceback__

#endif
#if FINFUZZ_HAS(raise_error)
def raise_error():
    raise Error("raised in Cython")

#endif
#if FINFUZZ_HAS(catch_error)
def catch_error():
    try:
        try:
            raise Error("first")
        finally:
            raise ValueError("second")
    except ValueError as error:
        return str(error.__context__)

#endif
