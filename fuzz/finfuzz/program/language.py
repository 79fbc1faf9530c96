"""The language as one table: every operation, its parameters, and what each does.

Parser, printer, generator, mutators, documentation and the tests all read this table. An operation
is added by adding a row here, a method to ``scope.py`` and what it does to ``child/driver.py`` and
``triage/script/steps.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from finfuzz.program.words import (
    ACTION,
    EDGE,
    FLAVOUR,
    HOOK,
    KIND,
    ROOT,
    SHAPE,
    SIZE,
    WAY,
    WHICH,
    Choice,
)

VERSION = 1
MAIN = "main"
#: Interpreters alive at once beside the main one. Each costs 4 to 5 ms to create and most of that
#: to end, so eight are already twenty times the price of the rest of a program.
MAX_INTERPRETERS = 8
#: Lives of the main interpreter in one process: each costs a `Py_Initialize`, 10 ms.
MAX_LIVES = 8


class Role(Enum):
    """What a name stands for where it is used."""

    NEW_NODE = "a new node's name"
    NODE = "a node's name"
    NEW_INTERPRETER = "a new interpreter's name"
    INTERPRETER = "an interpreter's name"


@dataclass(frozen=True, slots=True)
class Operation:
    """A kind of step: its name, what its arguments are, what it does and where it is legal.

    ``cost``: as a word's, where no word of it says so.
    """

    name: str
    parameters: tuple[Role | Choice, ...]
    help: str
    where: str = "anywhere"
    cost: float = 1


OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation("import", (), "import the extension into the current interpreter"),
        Operation("unimport", (), "take the extension out of `sys.modules`"),
        Operation("use", (WHICH,), "which extension the steps that follow speak of"),
        Operation(
            "self-check",
            (),
            "casts there and back, conversions, enums, exceptions, overrides and static storage "
            "must give the right answers",
            cost=2.5,
        ),
        Operation("node", (Role.NEW_NODE, KIND), "make an object of a kind"),
        Operation(
            "shape",
            (Role.NEW_NODE, SHAPE, KIND, SIZE),
            "make several objects that refer to each other; the name is the first one's",
            "kinds that have edges",
        ),
        Operation(
            "edge",
            (Role.NODE, Role.NODE, EDGE),
            "make the first refer to the second",
            "see the table of kinds and edges",
        ),
        Operation(
            "hook",
            (Role.NODE, HOOK, ACTION),
            "what a node does at a moment of its life",
            "see the table of hooks and actions",
        ),
        Operation("root", (Role.NODE, ROOT), "keep a node alive at a place"),
        Operation(
            "check",
            (Role.NODE,),
            "let weakref callbacks look for the internals capsules when the node is destroyed",
            "kinds that take weak references",
        ),
        Operation("drop", (Role.NODE,), "forget the name; what no root holds may go"),
        Operation("collect", (), "run the cyclic garbage collector"),
        Operation(
            "elsewhere",
            (),
            "the next step runs in another thread, under a thread state made by hand; so ends an "
            "interpreter by the hand of another thread",
            "before a step that is no `start`, `enter`, `use`, `fork`, `again`, `exit`",
        ),
        Operation("start", (Role.NEW_INTERPRETER, FLAVOUR), "create a subinterpreter from here"),
        Operation("enter", (Role.INTERPRETER,), "the steps that follow run in this interpreter"),
        Operation("stop", (Role.INTERPRETER,), "end a subinterpreter"),
        Operation(
            "fork",
            (),
            "`os.fork`: the child goes on and finalizes; the parent waits, then ends too",
            "while no subinterpreter lives: the child hangs before CPython 3.13 and aborts on 3.13",
            cost=2.5,
        ),
        Operation(
            "again",
            (),
            "`Py_FinalizeEx`, then `Py_Initialize`: the steps that follow are another life's",
            f"at most {MAX_LIVES - 1} times; not after a root that is a daemon thread",
            cost=3.5,
        ),
        Operation("exit", (WAY,), "how the process ends after the last step"),
    )
}
