"""The prefixes: steps that say where the next step runs, and the steps that they go with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finfuzz.program.language import OPERATIONS, PREFIXES
from finfuzz.program.model import Program, Step

if TYPE_CHECKING:
    from finfuzz.program.scope import Scope

#: Steps that no thread performs: they say where or in which life the next steps run. `fork` copies
#: the calling thread alone, and after `exit` and `again` that must be the main one.
_TURNS = frozenset({"enter", "use", "fork", "again", "exit", *PREFIXES})
_APART = frozenset(OPERATIONS) - _TURNS

#: The operations that each prefix goes with.
_TAKEN: dict[str, frozenset[str]] = {
    "elsewhere": _APART,
    "native": _APART,
    "released": frozenset({"start"}),
}


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
