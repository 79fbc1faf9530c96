"""The prefixes: steps that say where the next step runs, and the steps that they go with."""

from __future__ import annotations

from typing import Protocol

from finfuzz.program.language import MAIN, OPERATIONS, PREFIXES
from finfuzz.program.legal import refuse_threads
from finfuzz.program.model import Program, Step
from finfuzz.program.refusal import Refusal
from finfuzz.program.words import FLAVOUR, Choice
from finfuzz.support.cpythons import Version


class Scope(Protocol):
    """What of ``scope.Scope`` decides about prefixes."""

    current: str
    flavours: dict[str, str]
    python: Version
    prefix: Step | None

    @property
    def flavour(self) -> str: ...

    def refuse_word(self, choice: Choice, text: str) -> Refusal | None: ...

    def take(self, step: Step) -> Refusal | None: ...


#: Steps that no thread performs: they say where or in which life the next steps run. `fork` copies
#: the calling thread alone, and after `exit` and `again` that must be the main one.
_TURNS = frozenset({"enter", "use", "fork", "again", "exit", *PREFIXES})
_APART = frozenset(OPERATIONS) - _TURNS
_ANYWHERE = frozenset({"import", "self-check", "node", "perform", "collect"})

#: The operations that each prefix goes with. Not `together`: what can be done once, such as `drop`.
#: Not `everywhere`: edges and roots, since each interpreter has nodes of its own.
_TAKEN: dict[str, frozenset[str]] = {
    "elsewhere": _APART,
    "native": _APART,
    "together": _ANYWHERE | {"shape"},
    "everywhere": _ANYWHERE | {"unimport", "stop"},
    "released": frozenset({"start"}),
}


def is_legal(prefix: str, scope: Scope) -> bool:
    """Whether a prefix of that name is legal at a place."""
    return refuse_prefix(prefix, scope) is None


def refuse_prefix(prefix: str, scope: Scope) -> Refusal | None:
    """Find why a prefix of that name is not legal at a place."""
    if prefix == "native" and scope.current != MAIN:
        return Refusal("`native` is for the main interpreter: `PyGILState_*` knows it alone")
    if prefix == "together":
        return refuse_threads(scope.flavour, scope.python)
    if prefix == "everywhere" and not scope.flavours:
        return Refusal("`everywhere` is for where a subinterpreter lives, and none does")
    if prefix == "released":  # of all kinds, it alone needs no thread state
        return scope.refuse_word(FLAVOUR, "framework")
    return None


def is_apart(prefix: Step | None) -> bool:
    """Whether a prefix has the next step run in another thread."""
    return prefix is not None and prefix.op != "released"


def goes_with(prefix: Step, step: Step) -> bool:
    """Whether the prefix has an effect on a step that follows it."""
    if prefix.op == "released":
        return step.op == "start" and step.args[1] == "framework"
    return step.op in _TAKEN[prefix.op]


def may_go_with(prefix: Step, op: str) -> bool:
    """Whether the prefix has an effect on some step of that operation."""
    return op in _TAKEN[prefix.op]


def list_effects(program: Program, scope: Scope) -> list[bool]:
    """Take all steps of a program. Return which of them have an effect."""
    return [refusal is None for refusal in list_refusals(program, scope)]


def list_refusals(program: Program, scope: Scope) -> list[Refusal | None]:
    """Take all steps of a program. Return why each has no effect; None where it has one.

    A prefix has one if the next step that has an effect goes with it: only that step tells.
    """
    refusals: list[Refusal | None] = []
    waiting: tuple[int, Step] | None = None
    for at, step in enumerate(program.steps):
        refusals.append(scope.take(step))
        if refusals[at] is None:
            if waiting and not goes_with(waiting[1], step):
                refusals[waiting[0]] = _refuse_pair(waiting[1].op, step.op)
            waiting = (at, step) if scope.prefix else None
    if waiting:
        refusals[waiting[0]] = Refusal("no step follows that has an effect")
    return refusals


def _refuse_pair(prefix: str, op: str) -> Refusal:
    text = "`{}` has no effect on the next step, `{}`: it is legal {}"
    return Refusal(text, (prefix, op, OPERATIONS[prefix].where))
