"""Nodes: `make_<kind>` returns a new object of that kind. `t` is the extension.

A finding's script shows these functions: each is copied into the script or, if it is a single
expression, written out in place. They run on every CPython from 3.9 up, in any interpreter.
"""

# ---- the extension's ---------------------------------------------------------------------------


def make_container(t):
    return t.Container()


def make_subclass(t):
    return type("Subclass", (t.Container,), {})()


def make_instance(t):
    return t.Instance()


def make_dynamic(t):
    return t.Dynamic()


def make_override(t):
    class Override(t.Overridable):
        def answer(self):
            return 42

    return Override()


def make_unique(t):
    return t.Unique()


def make_shared(t):
    return t.Shared()


def make_smart(t):
    return t.Smart()


def make_holder(t):
    return t.Holder()


def make_callback(t):
    return t.Callback()


def make_native_function(t):
    return t.native_function()


def make_enum(t):
    return t.Colour(1)


def make_native_enum(t):
    return t.NativeColour(1)


def make_error(t):
    return t.Error("an error")


def make_local_error(t):
    return t.LocalError("an error")


def make_kept_error(t):
    return t.KeptError()


def make_iterator(t):
    return iter(t.Numbers())


def make_buffer(t):
    return t.Buffer()


def make_memoryview(t):
    return memoryview(t.Buffer())


def make_capsule(t):
    return t.capsule()


def make_local(t):
    return t.Local()


def make_multiple(t):
    return t.Multiple()


def make_two_bases(t):
    class TwoBases(t.First, t.Second):
        def __init__(self):
            t.First.__init__(self)
            t.Second.__init__(self)

    return TwoBases()


def make_metaclass(t):
    return t.WithMetaclass()


def make_gil_taker(t):
    return t.GilTaker()


def make_gil_state_taker(t):
    return t.GilStateTaker()


def make_bound_type(t):
    return t.Instance


def make_bound_function(t):
    return t.answer


def make_bound_method(t):
    return t.Callee().answer


def make_extension(t):
    return t


# ---- Python's own ------------------------------------------------------------------------------


def make_list():
    return []


def make_dict():
    return {}


def make_function():
    held = []

    def function():
        return held

    return function


def make_object():
    class Object:
        pass

    return Object()


def make_generator():
    def generator(held):
        while True:
            yield held

    suspended = generator([])
    next(suspended)
    return suspended


def make_coroutine():
    class Suspension:
        def __await__(self):
            yield

    async def coroutine(held):
        await Suspension()
        return held

    suspended = coroutine([])
    suspended.send(None)
    return suspended


def make_frame():
    import sys

    def function(held):
        return sys._getframe()

    return function([])


def make_traceback():
    def function(held):
        raise ValueError(held)

    try:
        function([])
    except ValueError as error:
        return error.__traceback__.tb_next


def make_method():
    class Object:
        def method(self):
            return self

    return Object().method


def make_class():
    class Base:
        def __init_subclass__(cls):
            cls.registry = [cls]

    class Derived(Base):
        pass

    return Derived


def make_module():
    import sys

    return type(sys)("made")


def make_exception():
    return ValueError("an exception")


def make_contextvar():
    import _contextvars

    return _contextvars.ContextVar("held")


def make_thread_local():
    import _thread

    return _thread._local()


def make_ctypes_callback():
    import ctypes

    return ctypes.CFUNCTYPE(None)(make_function())


def make_lock():
    import _thread

    lock = _thread.allocate_lock()
    lock.acquire()
    return lock


def make_rlock():
    import _thread

    lock = _thread.RLock()
    lock.acquire()
    return lock


def make_queue():
    import concurrent.interpreters

    queue = concurrent.interpreters.create_queue()
    queue.put("an item")
    return queue
