"""Whether a program contains another one: its steps in their order, under any names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from finfuzz.program.language import MAIN, PREFIXES, Role
from finfuzz.program.model import Program, Step

_NEW = (Role.NEW_NODE, Role.NEW_INTERPRETER)


def contains(program: Program, part: Program) -> bool:
    """Whether the steps of ``part`` come in ``program``, with others between them or not.

    A node or an interpreter of ``part`` is one and the same in ``program``, under any name, and a
    prefix stays before its step. What the steps between do is not looked at: they may end what
    ``part`` needs, or leave the interpreter that it runs in.
    """
    return _finds(program.steps, part.steps, {MAIN: MAIN})


def _finds(steps: Sequence[Step], wanted: Sequence[Step], names: Mapping[str, str]) -> bool:
    """Return whether ``wanted`` follows. ``names``: in the program, by the names of the part."""
    if not wanted:
        return True
    for place, step in enumerate(steps, 1):
        named = _match(step, wanted[0], names)
        if named is not None and _goes_on(steps[place:], wanted, named):
            return True
    return False


def _goes_on(steps: Sequence[Step], wanted: Sequence[Step], names: Mapping[str, str]) -> bool:
    """Return whether ``wanted`` follows after its first step; after a prefix, at once."""
    if wanted[0].op not in PREFIXES:
        return _finds(steps, wanted[1:], names)
    named = _match(steps[0], wanted[1], names) if steps else None
    return named is not None and _goes_on(steps[1:], wanted[1:], named)


def _match(step: Step, wanted: Step, names: Mapping[str, str]) -> Mapping[str, str] | None:
    """Return the names with those that a wanted step makes; None if the steps differ."""
    if step.op != wanted.op:
        return None
    named = dict(names)
    for (_, parameter, text), (_, _, found) in zip(wanted.typed(), step.typed(), strict=True):
        if parameter in _NEW:
            named[text] = found
        elif (named.get(text) if isinstance(parameter, Role) else text) != found:
            return None
    return named
