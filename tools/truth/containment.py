"""Whether a program contains another one: its steps in their order, under any names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from finfuzz.program.language import MAIN, Role
from finfuzz.program.model import Program, Step

#: Steps that are compared before the search gives up: eight payloads of one kind in three places
#: could be matched in thousands of ways. It says "not contained" then, of 1 in 10,000 programs.
_MOST = 20_000
_NEW = (Role.NEW_NODE, Role.NEW_INTERPRETER)


def contains(program: Program, part: Program) -> bool:
    """Whether the steps of ``part`` come in ``program``, with others between them or not.

    A node or an interpreter of ``part`` is one and the same in ``program``, under any name. What
    the steps between do is not looked at: they may end what ``part`` needs.
    """
    return _Search(program.steps, part.steps).finds(0, 0, {MAIN: MAIN})


class _Search:
    def __init__(self, steps: Sequence[Step], wanted: Sequence[Step]) -> None:
        self._steps, self._wanted = steps, wanted
        self._left = _MOST

    def finds(self, at: int, index: int, names: Mapping[str, str]) -> bool:
        """Whether the wanted steps from ``index`` on come in those from ``at`` on."""
        if index == len(self._wanted):
            return True
        for place in range(at, len(self._steps)):
            self._left -= 1
            if self._left < 0:
                return False
            named = _match(self._steps[place], self._wanted[index], names)
            if named is not None and self.finds(place + 1, index + 1, named):
                return True
        return False


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
