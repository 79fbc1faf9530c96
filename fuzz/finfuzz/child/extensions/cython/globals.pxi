# Globals of the module that Python can't see. The collector sees them with a module state only.

#if FINFUZZ_HAS(call_once)
cdef object stored_once = None

def call_once(node):
    global stored_once
    if stored_once is None:
        stored_once = node
    return stored_once

#endif
#if FINFUZZ_HAS(Global)
cdef list stored = []

cdef class Global:
    """Stores objects in a global."""
    cdef object __weakref__

    def store(self, target):
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
