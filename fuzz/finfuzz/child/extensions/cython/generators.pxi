# A suspended generator takes lists, whose items it keeps, and what it does at its end.

#if FINFUZZ_HAS(generator)
def generating():
    held, act = [], None
    try:
        while True:
            sent = yield held
            if isinstance(sent, list):
                held += sent
            else:
                act = sent
    finally:
        if act is not None:
            act(None)

def generator():
    made = generating()
    next(made)
    return made

#endif
#if FINFUZZ_HAS(delegating)
def delegate(inner, /):
    yield from inner

def delegating(inner, /):
    """A generator that is suspended in `yield from`."""
    made = delegate(inner)
    next(made)
    return made

#endif
#if FINFUZZ_HAS(expression)
def expression(held, /):
    made = (held for _ in iter(int, 1))  # without an end
    next(made)
    return made

#endif
#if FINFUZZ_HAS(sum_generated)
def count_to(int last, /):
    cdef int one
    for one in range(last):
        yield one

def sum_generated(last, /):
    return sum(2 * one for one in count_to(last))

#endif
