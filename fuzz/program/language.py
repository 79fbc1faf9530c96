"""The language as one table: every operation, its parameters, and what each word means.

Parser, printer, generator, mutators, documentation and the tests all read this table, so an
operation is added by adding a row here and a function of the same name to ``child/driver.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

VERSION = 1
MAIN = "main"
#: Interpreters alive at once beside the main one. Each costs 4 to 5 ms to create and most of that
#: to end, so eight are already twenty times the price of the rest of a program.
MAX_INTERPRETERS = 8


class Role(Enum):
    """What a name stands for where it is used."""

    NEW_NODE = "a new node's name"
    NODE = "a node's name"
    NEW_INTERPRETER = "a new interpreter's name"
    INTERPRETER = "an interpreter's name"


@dataclass(frozen=True, slots=True)
class Word:
    """One choice of a set.

    ``main_only``: legal in the main interpreter alone. ``since``: the first CPython that has it.
    """

    text: str
    help: str
    main_only: bool = False
    since: tuple[int, int] = (3, 9)


@dataclass(frozen=True, slots=True)
class Choice:
    """A closed set of words, such as the node kinds."""

    name: str
    words: tuple[Word, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(word.text for word in self.words)

    def word(self, text: str) -> Word:
        return next(word for word in self.words if word.text == text)


@dataclass(frozen=True, slots=True)
class Operation:
    """A kind of step: its name, what its arguments are, and what it does."""

    name: str
    parameters: tuple[Role | Choice, ...]
    help: str


KIND = Choice(
    "kind",
    (
        Word("container", "a C++ object that owns Python objects, with traverse and clear"),
        Word("subclass", "an instance of a class made in Python that derives from the container"),
        Word("instance", "a plain instance of the extension's second type"),
        Word("list", "a Python list"),
        Word("dict", "a Python dict"),
        Word("function", "a Python function with a closure"),
    ),
)

EDGE = Choice(
    "edge",
    (
        Word("append", "into what the node owns: a container, a list, or a dict under a new key"),
        Word("attribute", "as an attribute of the node"),
        Word("closure", "through a cell of the function's closure"),
    ),
)

ROOT = Choice(
    "root",
    (
        Word("module", "a global of `__main__`"),
        Word("sys", "an attribute of `sys`"),
        Word("builtins", "an attribute of `builtins`"),
        Word("interpreter-dict", "the interpreter's state dict (`PyInterpreterState_GetDict`)"),
        Word("codec", "a search function in the codec registry"),
        Word(
            "type-dict",
            "the dict of a static type, put there before `PyType_Ready`",
            # A static type belongs to the whole process; an object of a subinterpreter in its
            # dict would be reachable from another interpreter (law 1).
            main_only=True,
        ),
        Word("audit-hook", "a hook of `sys.addaudithook`, which can't be taken out again"),
        Word("atexit", "a callback of `atexit`"),
        Word("leak", "a reference that nobody gives back"),
    ),
)

HOOK = Choice(
    "hook",
    (
        Word("traverse", "`tp_traverse`: the collector asks what the node refers to"),
        Word("clear", "`tp_clear`: the collector breaks a cycle"),
        Word("dealloc", "`tp_dealloc`: the last reference is gone"),
    ),
)

ACTION = Choice(
    "action",
    (
        Word("plain", "reach the C++ object without asking the framework"),
        Word("cast", "cast the Python object to its C++ object (traverse's and clear's default)"),
        Word("lookup", "look the extension's second type up"),
        Word("create", "create an instance of the second type and drop it"),
    ),
)

FLAVOUR = Choice(
    "interpreter kind",
    (
        Word("legacy", "`Py_NewInterpreter`: shares the GIL and the allocator"),
        Word(
            "isolated",
            "`Py_NewInterpreterFromConfig` with a GIL and an allocator of its own",
            since=(3, 12),
        ),
    ),
)

WAY = Choice(
    "way",
    (
        Word("return", "`__main__` ends"),
        Word("sys-exit", "`sys.exit(0)`"),
        Word("exception", "an exception nobody handles"),
    ),
)

OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation("import", (), "import the extension into the current interpreter"),
        Operation("node", (Role.NEW_NODE, KIND), "make an object of a kind"),
        Operation("edge", (Role.NODE, Role.NODE, EDGE), "make the first refer to the second"),
        Operation("hook", (Role.NODE, HOOK, ACTION), "what a container or subclass does at a hook"),
        Operation("root", (Role.NODE, ROOT), "keep a node alive at a place"),
        Operation(
            "check",
            (Role.NODE,),
            "let weakref callbacks see whether the internals capsules are still there when it dies",
        ),
        Operation("drop", (Role.NODE,), "forget the name; what no root holds may go"),
        Operation("collect", (), "run the cyclic garbage collector"),
        Operation("start", (Role.NEW_INTERPRETER, FLAVOUR), "create a subinterpreter"),
        Operation("enter", (Role.INTERPRETER,), "the steps that follow run in this interpreter"),
        Operation("stop", (Role.INTERPRETER,), "end a subinterpreter"),
        Operation("exit", (WAY,), "how the process ends after the last step"),
    )
}

CONTAINERS = frozenset({"container", "subclass"})

#: Which edges can leave a node of which kind.
EDGES_FROM: dict[str, tuple[str, ...]] = {
    "container": ("append",),
    "subclass": ("append", "attribute"),
    "instance": (),
    "list": ("append",),
    "dict": ("append",),
    "function": ("attribute", "closure"),
}

#: Kinds that take weak references, which the checkers of `check` are.
CHECKABLE = frozenset({"container", "subclass", "instance", "function"})

#: (hook, action) pairs that break a rule of CPython's, and which: skipped unless asked for.
ABUSE: dict[tuple[str, str], str] = {
    ("traverse", "create"): "tp_traverse must not create or destroy Python objects (C API docs)",
}

#: What a container does at a hook that no step speaks of: the pattern of pybind11's own manual.
DEFAULT_ACTIONS = {"traverse": "cast", "clear": "cast", "dealloc": "plain"}
