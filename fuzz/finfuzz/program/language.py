"""The language as one table: every operation, its parameters and its meaning.

Parser, printer, generator, mutators, documentation and the tests all read this table. A new
operation needs a row here, a method in ``scope.py``, and its code in ``child/driver.py`` and
``triage/repro/steps.py``.
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
    MEANS,
    ROOT,
    SHAPE,
    SIZE,
    WAY,
    WHICH,
    Choice,
)

VERSION = 1
MAIN = "main"
#: Subinterpreters alive at once. Each costs 4 to 5 ms to create and most of that to end: eight cost
#: twenty times as much as the rest of a program.
MAX_INTERPRETERS = 8
#: Lives of the main interpreter in one process: each costs a `Py_Initialize`, 10 ms.
MAX_LIVES = 8


class Role(Enum):
    """The role of a name among the arguments of a step."""

    NEW_NODE = "a new node's name"
    NODE = "a node's name"
    NEW_INTERPRETER = "a new interpreter's name"
    INTERPRETER = "an interpreter's name"


@dataclass(frozen=True, slots=True)
class Operation:
    """A kind of step: its name, its parameters, its meaning and where it is legal.

    ``cost``: as a word's, where none of its words has a cost.
    """

    name: str
    parameters: tuple[Role | Choice, ...]
    help: str
    where: str = "anywhere"
    cost: float = 1


#: The operations that say where the next step runs.
PREFIXES = ("elsewhere", "native", "together", "everywhere", "released")
_TOGETHER = "`import`, `self-check`, `node`, `shape`, `perform`, `collect`"
_EVERYWHERE = "`import`, `unimport`, `self-check`, `node`, `perform`, `collect`, `stop`"
_TURNS = "`enter`, `use`, `fork`, `again`, `exit`"

OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation("import", (), "import the extension into the current interpreter"),
        Operation("unimport", (), "remove the extension from `sys.modules`"),
        Operation(
            "fail-import",
            (),
            "import the extension, whose initialization raises half-way; what is imported already "
            "stays",
        ),
        Operation("use", (WHICH,), "the extension that the next steps use"),
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
            "make several objects that refer to each other, the first under the name",
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
            "the action that a node performs at a hook",
            "see the table of hooks and actions",
        ),
        Operation(
            "perform",
            (Role.NODE, ACTION),
            "perform an action on a node now",
            "any action; `call` on kinds that can be called",
        ),
        Operation("root", (Role.NODE, ROOT), "keep a node alive at a place"),
        Operation(
            "check",
            (Role.NODE,),
            "let weak reference callbacks check that the internals' capsules still exist when the "
            "node is destroyed",
            "kinds that take weak references",
        ),
        Operation("drop", (Role.NODE,), "forget the name; a node without a root may be destroyed"),
        Operation("collect", (), "run the cyclic garbage collector"),
        Operation(
            "census",
            (),
            "count references to types of the extension that the garbage collector does not see: "
            "not more than on the control",
            cost=2,
        ),
        Operation(
            "elsewhere",
            (),
            "the next step runs in another thread, under a thread state made by hand: a `start` "
            "creates the interpreter from that thread, a `stop` ends the interpreter from there",
            f"before a step other than {_TURNS}",
        ),
        Operation(
            "native",
            (MEANS,),
            "the next step runs in the program's native thread, attached by that means: one C++ "
            "thread, started at the first such step, detached after each, alive to the end",
            f"in the main interpreter, which `PyGILState_*` knows alone (C API docs); before a "
            f"step other than {_TURNS}",
        ),
        Operation(
            "together",
            (),
            "four threads do the next step at once, under thread states made by hand",
            f"where threads may be; before {_TOGETHER}",
        ),
        Operation(
            "everywhere",
            (),
            "the next step is done at once in each living interpreter, in a thread of its own: a "
            "`stop` ends all subinterpreters",
            f"while a subinterpreter lives; before {_EVERYWHERE}",
        ),
        Operation(
            "released",
            (),
            "the next step runs without a thread state, in `py::gil_scoped_release`",
            "before a `start` of the kind `framework`: `py::subinterpreter::create` needs none "
            "(its docs)",
        ),
        Operation("start", (Role.NEW_INTERPRETER, FLAVOUR), "create a subinterpreter from here"),
        Operation("enter", (Role.INTERPRETER,), "the next steps run in this interpreter"),
        Operation("stop", (Role.INTERPRETER,), "end a subinterpreter"),
        Operation(
            "fork",
            (),
            "`os.fork`: the child continues and finalizes; the parent waits, then ends too",
            "while no subinterpreter lives: the child hangs before CPython 3.13 and aborts on 3.13",
            cost=2.5,
        ),
        Operation(
            "again",
            (),
            "`Py_FinalizeEx`, then `Py_Initialize`: the next steps run in another life",
            f"at most {MAX_LIVES - 1} times; not after a root that is a daemon thread",
            cost=3.5,
        ),
        Operation("exit", (WAY,), "how the process ends after the last step"),
    )
}
