"""No extension at all: the same module as the others, as nearly as Python can write it.

What kills this one is CPython's own doing, or the harness's. What nothing but C can do is not done:
act in traverse, clear or dealloc, own what the collector does not see, run after `Py_FinalizeEx`.
All that it imports has been imported by every interpreter's start.

What a hook may call at the end keeps what it needs as a default: CPython sets a module's globals to
None before (`finalize_modules`), which a compiled extension would not notice.
"""

import _thread
import sys
import time


class Node:
    """The base of all types."""

    __slots__ = ("__weakref__", "members", "value")

    def __new__(cls, value=7):
        self = super().__new__(cls)
        self.members = []
        self.value = value
        return self


class Instance(Node):
    __slots__ = ()


class Container(Node):
    __slots__ = ()

    def append(self, item):
        self.members.append(item)

    def hook(self, name, act):
        """Native hooks have no moment in which Python runs."""


class Dynamic(Node):
    pass


class Metaclass(type):
    pass


class WithMetaclass(Node, metaclass=Metaclass):
    __slots__ = ()


class First(Node):
    __slots__ = ()


class Second(Node):
    __slots__ = ()


class Multiple(First, Second):
    __slots__ = ()


class Unique(Node):
    __slots__ = ()


class Shared(Node):
    __slots__ = ()


class Smart(Node):
    __slots__ = ()


class Holder(Node):
    __slots__ = ()


class Callback(Node):
    __slots__ = ()


class Local(Node):
    __slots__ = ()


class KeptError(Node):
    __slots__ = ()


class GilTaker(Node):
    __slots__ = ()

    def __del__(self, sleep=time.sleep):
        sleep(0)


class GilStateTaker(GilTaker):
    __slots__ = ()


class Overridable(Node):
    __slots__ = ()

    def answer(self):
        return 7


class Colour(Node):
    __slots__ = ()


class Callee(Node):
    __slots__ = ()

    def answer(self):
        return 42


class Numbers(Node):
    __slots__ = ()

    def __iter__(self):
        return Iterator(self)


class Iterator(Node):
    __slots__ = ()

    def __new__(cls, numbers):
        self = super().__new__(cls, 0)
        self.members.append(numbers)
        return self

    def __iter__(self):
        return self

    def __next__(self):
        if self.value == 3:
            raise StopIteration
        self.value += 1
        return self.value


class Buffer(bytearray):
    __slots__ = ("__weakref__", "members")

    def __init__(self):
        super().__init__(16)
        self.members = []

    __hash__ = object.__hash__


class Error(Exception):
    pass


class LocalError(Exception):
    pass


class Capsule:
    """Does something at its end."""

    __slots__ = ("act", "members")

    def __init__(self):
        self.act, self.members = None, []

    def __del__(self):
        if self.act:
            self.act(None)


class FreedModule(type(sys)):
    """A module object that does something at its end."""

    def __init__(self, node, act):
        super().__init__("finfuzz_freed")
        self.node, self.act = node, act

    def __del__(self):
        self.act(None)


def __getattr__(name):
    """The enum is made when it is first asked for: what it imports is not for every program."""
    if name != "NativeColour":
        raise AttributeError(name)
    import enum

    made = enum.Enum(name, {"red": 1, "green": 2}, module=__name__)
    globals()[name] = made
    return made


if hasattr(sys, "finfuzz_fails"):
    raise ImportError("fails half-way")

# ---- members -----------------------------------------------------------------------------------


def set_member(source, target):
    if callable(source):
        source(target)
    elif isinstance(source, KeptError):
        keep_error(source, target)
    else:
        source.members.append(target)


def keep_error(source, target):
    try:
        raise ValueError(target)
    except ValueError as error:
        source.members.append(error)


def keep_alive(nurse, patient):
    nurse.members.append(patient)


def native_function():
    return [].append


def capsule():
    return Capsule()


def at_capsule(capsule, act):
    capsule.act = act


def module_with_free(node, act):
    return FreedModule(node, act)


# ---- questions ---------------------------------------------------------------------------------


def check(node):
    """Without a framework there are no capsules to check."""


def value_of(instance):
    return instance.value


def same(instance):
    return instance


def takes_wrapped(number):
    return int(number)


def takes_releasing(number, sleep=time.sleep):
    sleep(0.001)
    return int(number)


def colour_name(colour):
    return "red" if colour.value == 1 else "green"


def call_override(overridable):
    return overridable.answer()


def answer():
    return 42


def raise_error():
    raise Error("raised in Python")


def static_answer():
    return "finfuzz"


# ---- actions -----------------------------------------------------------------------------------


def cast(subject, container=Container):
    isinstance(subject, container)


def nothing(subject):
    pass


def create(subject, instance=Instance):
    instance()


def convert(subject):
    int("5")


def release_the_gil(subject, sleep=time.sleep):
    sleep(0)


def native_thread(
    subject,
    cast=cast,
    is_finalizing=sys.is_finalizing,
    allocate_lock=_thread.allocate_lock,
    start_new_thread=_thread.start_new_thread,
):
    if is_finalizing():
        return  # no thread can be started any more
    over = allocate_lock()
    over.acquire()

    def target():
        cast(subject)
        over.release()

    start_new_thread(target, ())
    over.acquire()


ACTIONS = {
    "cast": cast,
    "create": create,
    "convert": convert,
    "gil": release_the_gil,
    "native_thread": native_thread,
}


def action(name):
    return ACTIONS.get(name, nothing)


# ---- roots and ends ----------------------------------------------------------------------------

STORED, HELD, THREADS_OWN = [], [], _thread._local()


def call_once(node):
    """The first node that comes stays, in each interpreter."""
    if not STORED:
        STORED.append(node)
    return STORED[0]


def static_object(node):
    HELD.append(node)


def native_thread_local(node):
    THREADS_OWN.__dict__.setdefault("held", []).append(node)


class Gate:
    """Opens when the module goes, in the interpreter's finalization."""

    def __init__(self):
        self.lock = _thread.allocate_lock()
        self.lock.acquire()

    def __del__(self):
        self.lock.release()


GATE = Gate()


def wait_for_the_end():
    """The thread asks for the GIL again when the gate opens, which CPython does not give it."""
    with GATE.lock:
        pass


def keep_in_native_thread(
    node, start=_thread.start_new_thread, allocate_lock=_thread.allocate_lock
):
    """A thread of Python's, since Python alone makes no other."""
    started, never = allocate_lock(), allocate_lock()
    started.acquire()
    never.acquire()

    def target(held):
        started.release()
        never.acquire()

    start(target, (node,))
    started.acquire()


def return_in_native_thread(node):
    started = _thread.allocate_lock()
    started.acquire()

    def target(held):
        started.release()
        wait_for_the_end()

    _thread.start_new_thread(target, (node,))
    started.acquire()


wait_in_native_thread = return_in_native_thread


def at_py_atexit(node):
    """What runs when Python is over can't be Python."""


at_static_destructor = at_thread_local_destructor = at_py_atexit
