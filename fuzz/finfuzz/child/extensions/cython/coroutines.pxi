# They take what the generators of generators.pxi take.

#if FINFUZZ_HAS(coroutine)
cdef class Suspension:
    def __await__(self):
        sent = yield
        return sent

async def coroutine():
    held, act = [], None
    try:
        while True:
            sent = await Suspension()
            if isinstance(sent, list):
                held += sent
            else:
                act = sent
    finally:
        if act is not None:
            act(None)

#endif
#if FINFUZZ_HAS(async_generator)
async def async_generator():
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
