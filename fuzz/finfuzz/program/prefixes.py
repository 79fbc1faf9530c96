"""The prefixes: steps that say where the next step runs, and the steps that they go with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from finfuzz.program.language import MAIN, OPERATIONS, PREFIXES
from finfuzz.program.legal import may_have_threads
from finfuzz.program.model import Program, Step
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

    def allows(self, choice: Choice, text: str) -> bool: ...

    def apply(self, step: Step) -> bool: ...


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

#: Where a prefix is legal; the others are anywhere.
_LEGAL: dict[str, Callable[[Scope], bool]] = {
    # PyGILState_* knows the main interpreter alone (C API docs).
    "native": lambda scope: scope.current == MAIN,
    "together": lambda scope: may_have_threads(scope.flavour, scope.python),
    "everywhere": lambda scope: bool(scope.flavours),
    # Of all kinds, it alone needs no thread state.
    "released": lambda scope: scope.allows(FLAVOUR, "framework"),
}


def is_legal(prefix: str, scope: Scope) -> bool:
    """Whether a prefix of that name is legal at a place."""
    return prefix not in _LEGAL or _LEGAL[prefix](scope)


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
    """Take all steps of a program. Return which of them have an effect.

    A prefix has one if the next step that has an effect goes with it: only that step tells.
    """
    effects: list[bool] = []
    waiting: tuple[int, Step] | None = None
    for at, step in enumerate(program.steps):
        effects.append(scope.apply(step))
        if effects[at]:
            if waiting and not goes_with(waiting[1], step):
                effects[waiting[0]] = False
            waiting = (at, step) if scope.prefix else None
    if waiting:
        effects[waiting[0]] = False
    return effects
