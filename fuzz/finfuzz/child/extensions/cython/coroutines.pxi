# Suspended as the generators of generators.pxi are.

#if FINFUZZ_HAS(coroutine)
cdef class Suspension:
    def __await__(self):
        sent = yield
        return sent

async def waiting():
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

def coroutine():
    made = waiting()
    made.send(None)
    return made

#endif
#if FINFUZZ_HAS(async_generator)
async def generating_async():
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

def async_generator():
    made = generating_async()
    advance(made, None)
    return made

def advance(made, sent, /):
    """Send something to a generator that awaits nothing itself."""
    try:
        made.asend(sent).send(None)
    except StopIteration as stop:
        return stop.value

#endif
#if FINFUZZ_HAS(run_coroutine)
async def answer_later():
    return 42

async def wait_for_answer():
    return await answer_later()

def run_coroutine():
    try:
        wait_for_answer().send(None)
    except StopIteration as stop:
        return stop.value

#endif
