"""The words of the language: kinds, edges, shapes, roots, hooks, actions and the rest.

Kinds, edges, roots, hooks and actions have a function of their name in ``child/words/``
(`make_container`, `refer_by_append`, `hold_in_codec`, …). ``legal.py`` says which go together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from finfuzz.support.cpythons import OLDEST, Quirk, Version

ALWAYS = OLDEST

_OWN = re.compile(r":[a-z][a-z0-9-]{0,39}\Z")


def is_own(text: str) -> bool:
    """Whether a word is of a target's own recipe, `:variable`, and not of the language."""
    return text.startswith(":")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a choice.

    ``main_only``: why the word is legal in the main interpreter only; else empty. ``since``: the
    first CPython that has it. ``cost``: the cost of a child with the word, in bare children
    (rounded from `tools/costs.py`); the word is generated that much more rarely. ``module``: the
    one whose import is what costs, once in each interpreter; else empty. ``abuse``: the
    rule that the word breaks on purpose; else empty. ``own_thread``: why the word is not legal
    in another thread; else empty.
    """

    text: str
    help: str
    main_only: str = ""
    since: Version = ALWAYS
    cost: float = 1
    module: str = ""
    abuse: str = ""
    own_thread: str = ""


@dataclass(frozen=True, slots=True)
class Kind(Word):
    """A node kind.

    ``edges``: the edges that can leave it; shapes use the first. ``hooks``: hooks of its own.
    ``weak``: whether it takes weak references, as `check` and the hooks `weakref` and `finalize`
    need. ``hashable``: whether it can be the key of a dict. ``keeps``: whether it belongs to its
    module, its thread or the process, which keep what its edges lead to. ``calls``: whether the
    action `call` may call it without arguments.
    """

    edges: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    weak: bool = True
    hashable: bool = True
    keeps: bool = False
    calls: bool = False


@dataclass(frozen=True, eq=False)
class Choice:
    """A set of words, such as the node kinds.

    ``is_open``: a target's recipe has such words of its own, which begin with a colon.
    """

    name: str
    words: tuple[Word, ...]
    is_open: bool = False

    @cached_property
    def texts(self) -> tuple[str, ...]:
        return tuple(word.text for word in self.words)

    @cached_property
    def _by_text(self) -> dict[str, Word]:
        return {word.text: word for word in self.words}

    def __contains__(self, text: str) -> bool:
        return text in self._by_text or (self.is_open and bool(_OWN.match(text)))

    def word(self, text: str) -> Word:
        """Return the word. Raise KeyError unless the choice has it."""
        if self.is_open and is_own(text):
            return Word(text, "a word of the target's recipe")
        return self._by_text[text]


#: Hooks that the target runs without Python; their actions must be of the same extension.
NATIVE_HOOKS = ("traverse", "clear", "dealloc")
_GIL_STATE = "`PyGILState_*` knows the main interpreter alone (C API docs)"
_CONCURRENT = Quirk.CONCURRENT_INTERPRETERS.value.since
_CTYPES = "`_ctypes` is of one interpreter before 3.13 (single-phase initialization)"

EXTENSION_KINDS = (
    Kind(
        "container",
        "a C++ object that owns Python objects, with traverse and clear",
        edges=("append", "keep-alive"),
        hooks=NATIVE_HOOKS,
    ),
    Kind(
        "subclass",
        "an instance of a Python class that derives from the container",
        edges=("append", "attribute", "class-attribute", "keep-alive"),
        hooks=(*NATIVE_HOOKS, "del"),
    ),
    Kind("instance", "a plain instance of the extension's second type", edges=("keep-alive",)),
    Kind(
        "dynamic", "an instance with a dict (`py::dynamic_attr`)", edges=("attribute", "keep-alive")
    ),
    Kind(
        "override",
        "an instance of a Python class that overrides a virtual function, through a trampoline",
        edges=("attribute", "class-attribute", "keep-alive"),
        hooks=("del",),
    ),
    Kind(
        "unique",
        "held by `std::unique_ptr`; owns objects unseen by the collector",
        edges=("member",),
    ),
    Kind(
        "shared",
        "held by `std::shared_ptr`; owns objects unseen by the collector",
        edges=("member",),
    ),
    Kind(
        "smart",
        "held by `py::smart_holder`; owns objects unseen by the collector",
        edges=("member",),
    ),
    Kind("holder", "a C++ object with `py::object` members and no traverse", edges=("member",)),
    Kind(
        "callback",
        "a C++ object with a `std::function` that holds a Python function",
        edges=("member",),
    ),
    Kind(
        "native-function",
        "a Python function made from a C++ function that captured `py::object`s",
        edges=("member",),
    ),
    Kind("enum", "a value of a `py::enum_`", edges=("keep-alive",), keeps=True),
    Kind("native-enum", "a value of a `py::native_enum`", edges=("attribute",), cost=2, keeps=True),
    Kind(
        "error",
        "an exception of a type that the extension registers",
        edges=("attribute", "context"),
    ),
    Kind(
        "local-error",
        "an exception of a type that the extension registers for itself only",
        edges=("attribute", "context"),
    ),
    Kind("kept-error", "a C++ object that keeps an `error_already_set`", edges=("member",)),
    Kind("iterator", "an iterator over a C++ container (`py::make_iterator`)"),
    Kind("buffer", "an object with the buffer protocol", edges=("keep-alive",)),
    Kind("memoryview", "a memoryview of a `buffer`", hashable=False),
    Kind(
        "capsule",
        "a capsule with a destructor; owns objects unseen by the collector",
        edges=("member",),
        hooks=("capsule",),
        weak=False,
    ),
    Kind("local", "an instance of a `py::module_local` type", edges=("keep-alive",)),
    Kind("multiple", "an instance of a type with two C++ bases", edges=("keep-alive",)),
    Kind(
        "two-bases",
        "an instance of a Python class that derives from two of the extension's types",
        edges=("attribute", "class-attribute"),
        hooks=("del",),
    ),
    Kind("metaclass", "an instance of a type with a metaclass of its own", edges=("keep-alive",)),
    Kind("gil-taker", "an object whose destructor takes the GIL by `py::gil_scoped_acquire`"),
    Kind(
        "gil-state-taker",
        "an object whose destructor takes the GIL by `PyGILState_Ensure`",
        main_only=_GIL_STATE,
    ),
    Kind(
        "bound-type",
        "the extension's second type itself",
        edges=("attribute",),
        keeps=True,
        calls=True,
    ),
    Kind("bound-function", "a function of the extension", weak=False, calls=True),
    Kind("bound-method", "a method of an instance of the extension", weak=False, calls=True),
    Kind("extension", "the extension's module", edges=("module-dict",), keeps=True),
)

PYTHON_KINDS = (
    Kind("list", "a Python list", edges=("append", "weak"), weak=False, hashable=False),
    Kind("dict", "a Python dict", edges=("value", "key"), weak=False, hashable=False),
    Kind("function", "a Python function", edges=("closure", "attribute", "default"), calls=True),
    Kind(
        "object",
        "an instance of a Python class",
        edges=("attribute", "class-attribute"),
        hooks=("del",),
    ),
    Kind("generator", "a suspended generator", edges=("local",)),
    Kind("coroutine", "a suspended coroutine", edges=("local",)),
    Kind("frame", "the frame of a finished call", edges=("local",), weak=False),
    Kind("traceback", "a traceback, with its frame", edges=("local",), weak=False),
    Kind("method", "a bound method", edges=("self",), calls=True),
    Kind(
        "class",
        "a class whose base has `__init_subclass__`",
        edges=("attribute", "base"),
        calls=True,
    ),
    Kind("module", "a module object that is not in `sys.modules`", edges=("module-dict",)),
    Kind(
        "exception", "an exception of a built-in type", edges=("context", "attribute"), weak=False
    ),
    Kind("contextvar", "a context variable", edges=("context-variable",), weak=False, keeps=True),
    Kind("thread-local", "a `threading.local`", edges=("attribute",)),
    Kind(
        "ctypes-callback",
        "a C function pointer that ctypes made from a Python function",
        main_only=_CTYPES,
        edges=("attribute",),
        hashable=False,
        cost=3,
    ),
    Kind("lock", "a `threading.Lock` that is held"),
    Kind("rlock", "a `threading.RLock` that is held"),
    Kind(
        "queue",
        "a queue of `concurrent.interpreters`, with an item of this interpreter",
        since=_CONCURRENT,
        cost=5,
    ),
)

KIND = Choice("kind", (*EXTENSION_KINDS, *PYTHON_KINDS), is_open=True)
OF_EXTENSION = frozenset(kind.text for kind in EXTENSION_KINDS)
KINDS: dict[str, Kind] = {kind.text: kind for kind in (*EXTENSION_KINDS, *PYTHON_KINDS)}

EDGE = Choice(
    "edge",
    (
        Word("append", "as an element of a container or a list"),
        Word("value", "as a value of the dict, under a new key"),
        Word("key", "as a key of the dict"),
        Word("attribute", "as an attribute; for a class, as a class attribute"),
        Word("class-attribute", "as an attribute of the node's class"),
        Word("closure", "through a cell of the function's closure"),
        Word("default", "as the default of an argument of the function"),
        Word("local", "through a local variable of the suspended or finished frame"),
        Word("self", "as an attribute of the object that the method is bound to"),
        Word("base", "as a base class of a base class"),
        Word("module-dict", "in the dict of the module"),
        Word("context", "as an argument of the exception's `__context__`"),
        Word("context-variable", "as the variable's value in the thread's context"),
        Word("member", "in a C++ member, unseen by the garbage collector"),
        Word("keep-alive", "as a patient of `py::keep_alive`"),
        Word("weak", "by a weak reference that the node owns"),
    ),
    is_open=True,
)

SHAPE = Choice(
    "shape",
    (
        Word("ring", "each refers to the next, the last to the first"),
        Word("chain", "each refers to the next"),
        Word("tree", "each refers to two others"),
        Word("star", "the first refers to all others"),
        Word("clique", "each refers to each"),
        Word("two-rings", "two rings that share the first node"),
    ),
)

#: Sizes of shapes: Fibonacci numbers, because a clique grows fast.
SIZE = Choice("size", tuple(Word(str(size), f"{size} nodes") for size in (1, 2, 3, 5, 8, 13)))

_STATIC_DESTRUCTOR = (
    "an object destroyed after `Py_FinalizeEx`: no Python API may be called then (C API docs)"
)
_MAIN_THREAD = "`threading` takes the thread that imports it for the main one"
_FATAL_THREAD = "`Py_EndInterpreter` with a thread in it is a fatal error by design (C API docs)"

ROOT = Choice(
    "root",
    (
        Word("module", "a global of `__main__`"),
        Word("sys", "an attribute of `sys`"),
        Word("builtins", "an attribute of `builtins`"),
        Word("sys-modules", "an entry of `sys.modules`"),
        Word("gc-garbage", "`gc.garbage`"),
        Word("interpreter-dict", "the interpreter's state dict (`PyInterpreterState_GetDict`)"),
        Word("thread-dict", "the thread state's dict (`PyThreadState_GetDict`)"),
        Word("thread-local", "a `threading.local` that is never freed"),
        Word("codec", "a search function in the codec registry"),
        Word(
            "type-dict",
            "the dict of a static type (immortal since 3.12), stored before `PyType_Ready`",
            main_only="a static type belongs to the whole process: its dict would hand an object "
            "of a subinterpreter to the others (law 1)",
        ),
        Word("audit-hook", "a hook of `sys.addaudithook`, which can't be removed"),
        Word("atexit", "a callback of `atexit`"),
        Word(
            "threading-shutdown",
            "a callback of `threading._shutdown`",
            own_thread=_MAIN_THREAD,
            cost=3,
            module="threading",
        ),
        Word("excepthook", "`sys.excepthook`"),
        Word("unraisablehook", "`sys.unraisablehook`"),
        Word("displayhook", "`sys.displayhook`"),
        Word("import-hook", "a finder on `sys.meta_path`"),
        Word("trace", "the trace function of `sys.settrace`"),
        Word(
            "monitoring",
            "a callback of `sys.monitoring` that is active to the end",
            since=Quirk.MONITORING.value.since,
        ),
        Word(
            "signal",
            "the handler of a signal",
            main_only="signal handlers belong to the main interpreter",
            own_thread="signal handlers belong to the main thread",
        ),
        Word("context", "the value of a context variable, in the thread's context"),
        Word("leak", "a reference that nobody returns"),
        Word(
            "call-once",
            "`py::gil_safe_call_once_and_store`, unless something is stored there already",
        ),
        Word(
            "daemon-thread",
            "the stack of a daemon thread",
            main_only=_FATAL_THREAD,
            own_thread=_MAIN_THREAD,
            cost=3,
            module="threading",
        ),
        Word(
            "joined-thread",
            "the stack of a thread that Python joins at the end",
            own_thread=_MAIN_THREAD,
            cost=3,
            module="threading",
        ),
        Word(
            "returning-thread",
            "the stack of a daemon thread that returns from C++ during finalization",
            main_only=_FATAL_THREAD,
            cost=3,
        ),
        Word(
            "waking-thread",
            "the stack of a daemon thread that gets a lock, and wants the GIL, during finalization",
            main_only=_FATAL_THREAD,
            cost=2,
        ),
        Word(
            "native-thread",
            "the stack of a C++ thread that has a thread state and sleeps to the end",
            main_only=_GIL_STATE,
            cost=2,
        ),
        Word(
            "returning-native-thread",
            "the stack of a C++ thread that took the GIL, released it, and wants it back during "
            "finalization",
            main_only=_GIL_STATE,
            cost=2,
        ),
        Word(
            "waiting-native-thread",
            "the stack of a C++ thread that wants the GIL for the first time during finalization",
            main_only=_GIL_STATE,
            cost=2,
        ),
        Word(
            "interpreter-pool",
            "an attribute of an `InterpreterPoolExecutor` whose worker has imported the extension",
            own_thread=_MAIN_THREAD,
            since=_CONCURRENT,
            cost=25,
        ),
        Word(
            "interpreter-thread",
            "the stack of a daemon thread that is in a subinterpreter of its own, which has "
            "imported the extension",
            main_only=_FATAL_THREAD,
            own_thread=_MAIN_THREAD,
            since=Quirk.INTERPRETERS_MODULE.value.since,
            cost=7,
        ),
        Word("static-object", "a static `py::object`", abuse=_STATIC_DESTRUCTOR),
        Word(
            "native-thread-local",
            "a `thread_local` `py::object` of the main thread",
            abuse=_STATIC_DESTRUCTOR,
        ),
    ),
)

HOOK = Choice(
    "hook",
    (
        Word("traverse", "`tp_traverse`: the collector asks for the node's references"),
        Word("clear", "`tp_clear`: the collector breaks a cycle"),
        Word("dealloc", "`tp_dealloc`: after the last reference"),
        Word("del", "`__del__`"),
        Word("weakref", "the callback of a weak reference to the node"),
        Word("finalize", "`weakref.finalize`", cost=2.5),
        Word("capsule", "the destructor of the capsule"),
        Word("atexit", "a callback of `atexit` in this interpreter"),
        Word(
            "threading-exit",
            "a callback of `threading._shutdown`",
            own_thread=_MAIN_THREAD,
            cost=3,
            module="threading",
        ),
        Word(
            "busy-thread",
            "a daemon thread that performs the action again and again, to the end",
            main_only=_FATAL_THREAD,
            cost=2.5,
        ),
        Word("unraisable", "`sys.unraisablehook`, when another hook raises"),
        Word("module-free", "`m_free` of a module in `sys.modules`"),
        Word(
            "py-atexit",
            "a function registered by `Py_AtExit`",
            main_only="it belongs to the process",
        ),
        Word(
            "static-destructor", "a C++ static's destructor", main_only="it belongs to the process"
        ),
        Word(
            "thread-local-destructor",
            "a C++ thread-local's destructor, in the main thread",
            main_only="it belongs to the process",
        ),
    ),
    is_open=True,
)

_NEW_THREAD = "a thread that still runs when a subinterpreter ends is a fatal error by design"

ACTION = Choice(
    "action",
    (
        Word("plain", "reach the C++ object without the framework"),
        Word(
            "cast", "cast the Python object to its C++ object (the default of traverse and clear)"
        ),
        Word("lookup", "look up the extension's second type"),
        Word("internals", "ask for the framework's internals"),
        Word("create", "create an instance of the second type and drop it"),
        Word("call", "call the node without arguments"),
        Word("cast-back", "cast a C++ object to its existing Python object"),
        Word("convert", "call a function whose argument needs an implicit conversion"),
        Word(
            "convert-releasing",
            "call a function whose argument needs an implicit conversion that releases the GIL",
        ),
        Word("override", "call a virtual function that Python overrides"),
        Word("import", "import a module for the first time"),
        Word("import-extension", "import the extension"),
        Word("repr", "read each attribute of the extension's module, and write its `repr`"),
        Word("raise", "raise an exception"),
        Word("print", "print"),
        Word("gil", "release the GIL and take it back"),
        Word(
            "thread",
            "start a thread of `threading`, which waits until it has begun",
            main_only=_NEW_THREAD,
            own_thread=_MAIN_THREAD,
            cost=3,
            module="threading",
        ),
        Word(
            "join",
            "let a daemon thread end, which the hook's step has started, and join it",
            main_only=_NEW_THREAD,
            own_thread=_MAIN_THREAD,
            cost=3,
            module="threading",
        ),
        Word(
            "native-thread",
            "let a C++ thread take the GIL, and wait; not where the end would block that thread",
            main_only=_GIL_STATE,
        ),
        Word("resurrect", "add a reference to the node that nobody returns"),
        Word("atexit", "register a callback of `atexit`"),
        Word("collect", "run the cyclic garbage collector"),
        Word(
            "refill",
            "take freed memory, fill it with a pattern, and free it again: who reads it afterwards "
            "finds no old content",
        ),
        Word(
            "remote-script",
            "a debugger has this thread run a script at its next safe point (PEP 768)",
            since=Quirk.REMOTE_DEBUGGING.value.since,
        ),
    ),
    is_open=True,
)

_FROM_CONFIG = Quirk.FROM_CONFIG.value.since
FLAVOUR = Choice(
    "interpreter kind",
    (
        Word("legacy", "`Py_NewInterpreter`: shares the GIL and the allocator", cost=3.5),
        Word(
            "isolated",
            "`Py_NewInterpreterFromConfig` with a GIL and an allocator of its own",
            since=_FROM_CONFIG,
            cost=3.5,
        ),
        Word(
            "shared-gil",
            "as isolated, with the main interpreter's GIL",
            since=_FROM_CONFIG,
            cost=3.5,
        ),
        Word(
            "permissive",
            "as isolated, and may fork, exec and have daemon threads",
            since=_FROM_CONFIG,
            cost=3.5,
        ),
        Word("strict", "as isolated, and may have no threads", since=_FROM_CONFIG, cost=3.5),
        Word(
            "framework",
            "`py::subinterpreter`, entered by `py::subinterpreter_scoped_activate`; as isolated "
            "where there is no framework",
            since=_FROM_CONFIG,
            cost=3.5,
        ),
        Word("stdlib", "the standard library's `_interpreters` (`_xxsubinterpreters`)", cost=3.5),
        Word(
            "concurrent",
            "the standard library's `concurrent.interpreters`; `stop` drops its object, a global",
            main_only="it ends with its object, and that would end with the interpreter around it",
            own_thread=_MAIN_THREAD,
            since=_CONCURRENT,
            cost=7,
        ),
    ),
)

MEANS = Choice(
    "means",
    (
        Word("gil-state", "`PyGILState_Ensure` and `PyGILState_Release`"),
        Word(
            "framework",
            "`py::gil_scoped_acquire`, which may come before any import; `gil-state` where that is "
            "all the framework does, or there is none",
        ),
    ),
)

WHICH = Choice(
    "extension",
    (
        Word("first", "the target's extension"),
        Word("second", "the other extension, where the target has two; else the first"),
    ),
)

WAY = Choice(
    "way",
    (
        Word("return", "`__main__` ends"),
        Word("sys-exit", "`sys.exit(0)`"),
        Word("exception", "an unhandled exception", cost=7.5),
        Word("interrupt", "an unhandled SIGINT", cost=7),
        Word("os-exit", "`os._exit(0)`"),
        Word("c-exit", "the C library's `exit(0)`: static destructors without `Py_FinalizeEx`"),
        Word("thread-exit", "the same, from another thread while Python runs"),
    ),
)
