"""The walk over a program: where each step runs, and which interpreters live meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from finfuzz.program.language import MAIN
from finfuzz.program.model import Program, Step
from finfuzz.program.prefixes import list_effects
from finfuzz.program.scope import Scope
from finfuzz.program.vocabulary import Vocabulary, assume_words
from finfuzz.support.cpythons import NEWEST, Version


class InterpreterLife(NamedTuple):
    """A life of an interpreter, distinguished from all others of its program by its beginning.

    ``begins_at``: the position of the `start` or `again` that begins it, -1 for the first.
    ``flavour``: empty for the main interpreter. ``life``: of the process, from 1.
    """

    name: str
    life: int
    begins_at: int
    flavour: str = ""

    @property
    def is_main(self) -> bool:
        return self.name == MAIN


#: The main interpreter in the first life of the process.
FIRST = InterpreterLife(MAIN, 1, -1)


class Visit(NamedTuple):
    """A step as the walk comes to it: where it runs, and whether it has an effect there.

    ``alive`` and ``alive_after``: the interpreters before and after the step, the main one first,
    then in the order in which they were started.
    """

    position: int
    step: Step
    interpreter: InterpreterLife
    has_effect: bool
    alive: tuple[InterpreterLife, ...]
    alive_after: tuple[InterpreterLife, ...]

    @property
    def begins(self) -> InterpreterLife | None:
        """The interpreter that the step begins: by `start`, or by `again` the main one."""
        last = self.alive_after[-1]
        return last if last.begins_at == self.position else None

    @property
    def ends(self) -> tuple[InterpreterLife, ...]:
        """The interpreters that the step ends: one by `stop`, all of them by `again`."""
        return tuple(each for each in self.alive if each not in self.alive_after)


def walk(
    program: Program,
    python: Version = NEWEST,
    *,
    abuse: bool = False,
    offers: Vocabulary | None = None,
) -> Iterator[Visit]:
    """Visit the steps in order. ``Scope`` decides which of them have an effect.

    ``offers``: of the target; by default one that has all words of the program.
    """
    offers = offers or assume_words(program)
    effects = list_effects(program, Scope(python, abuse, offers))
    scope = Scope(python, abuse, offers)
    here = FIRST
    alive: tuple[InterpreterLife, ...] = (FIRST,)
    for position, step in enumerate(program.steps):
        has_effect = effects[position]
        scope.apply(step)
        after = _alive_after(alive, position, step, scope) if has_effect else alive
        yield Visit(position, step, here, has_effect, alive, after)
        alive = after
        if scope.current != here.name or step.op == "again":
            here = next(each for each in alive if each.name == scope.current)


def _alive_after(
    alive: tuple[InterpreterLife, ...], position: int, step: Step, scope: Scope
) -> tuple[InterpreterLife, ...]:
    """The interpreters that live after a step that has an effect."""
    if step.op == "start":
        name, flavour = step.args
        return (*alive, InterpreterLife(name, scope.lives, position, flavour))
    if step.op == "stop":
        return tuple(each for each in alive if each.name in scope.nodes)
    if step.op == "again":
        return (InterpreterLife(MAIN, scope.lives, position),)
    return alive
