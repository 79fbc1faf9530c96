# What Cython kept, or freed too early, in one release or another.

#if FINFUZZ_HAS(FailsInDealloc)
cdef class FailsInDealloc:
    """Its `__dealloc__` fails with an exception that knows the object, as an AttributeError does."""
    cdef object __weakref__

    def __dealloc__(self):
        error = ValueError("a hook raises")
        error.obj = self
        raise error

#endif
#if FINFUZZ_HAS(pass_on)
cdef class OneWait:
    def __await__(self):
        yield

async def give_later(value):
    await OneWait()
    return value

async def give_on(value):
    return await give_later(value)

def pass_on(value, /):
    """Return what a coroutine returned to another, which awaited it."""
    made = give_on(value)
    made.send(None)
    try:
        made.send(None)
    except StopIteration as stop:
        return stop.value

#endif
#if FINFUZZ_HAS(stop_early)
def stopping(value):
    yield
    raise StopIteration(value)

def stop_early(value, /):
    """Let a generator raise what would end it: Python makes it a RuntimeError."""
    made = stopping(value)
    next(made)
    try:
        next(made)
    except RuntimeError as error:
        return str(error)

#endif
