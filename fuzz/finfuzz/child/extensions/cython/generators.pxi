# A generator takes lists, whose items it keeps, and what it does at its end.

#if FINFUZZ_HAS(generator)
def generator():
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

#endif
#if FINFUZZ_HAS(delegating)
def delegating(inner, /):
    yield from inner

#endif
#if FINFUZZ_HAS(expression)
def expression(held, /):
    return (held for _ in iter(int, 1))  # without an end

#endif
