# Names of the module, and globals that Python can't see.

#if FINFUZZ_HAS(call_once) || FINFUZZ_HAS(store)
cdef extern from "Python.h":
    ctypedef struct PyInterpreterState:
        pass
    PyInterpreterState *PyInterpreterState_Get()
    PyInterpreterState *PyInterpreterState_Main()

cdef int check_interpreter() except -1:
    """A `cdef` global belongs to the process, even with a module state (Cython's manual), so no object
    of another interpreter may get there."""
    if PyInterpreterState_Get() != PyInterpreterState_Main():
        raise RuntimeError("the module's C globals are the main interpreter's")
    return 0

#endif
#if FINFUZZ_HAS(call_once)
cdef object stored_once = None

def call_once(node, /):
    global stored_once
    check_interpreter()
    if stored_once is None:
        stored_once = node
    return stored_once

#endif
#if FINFUZZ_HAS(store)
cdef list stored = None  # made by the main interpreter: each import sets it to this again

def store(target, /):
    global stored
    check_interpreter()
    if stored is None:
        stored = []
    stored.append(target)

#endif
#if FINFUZZ_HAS(use_globals)
PUBLIC = "public"

def use_globals():
    """Look names of the module and of builtins up."""
    return len(PUBLIC), Instance.__name__

#endif
#if FINFUZZ_HAS(import_something)
def import_something():
    import colorsys
    from colorsys import hls_to_rgb
    return hls_to_rgb is colorsys.hls_to_rgb

#endif
