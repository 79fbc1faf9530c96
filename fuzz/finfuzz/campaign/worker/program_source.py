"""Where an engine's next program comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import NamedTuple

from finfuzz.generation.generate import generate, importing_first, leaves_threads, stop_all
from finfuzz.generation.learning import Change, Learner, Tally, gained
from finfuzz.generation.mutate import mutation
from finfuzz.generation.splice import splice
from finfuzz.generation.weights import Weights
from finfuzz.program.model import Program
from finfuzz.program.scope import effective
from finfuzz.support.cpythons import Quirk, has
from finfuzz.targets.frameworks import FRAMEWORKS

#: Where a left subinterpreter aborts Py_FinalizeEx, nothing happens later. Without care, two of
#: five programs ended so. Elsewhere a left subinterpreter hangs if it has a thread, for the whole
#: deadline (docs/found.md).
_LEFT_ALL_THE_SAME = 0.1
#: What imports the extension before anything else runs in a zygote that has done so, which saves a
#: fifth of a child. The order matters to some defects, so not all do (pybind11 5947, 4245).
_IMPORTS_FIRST = 0.8
#: Steps without effect cost little, and one may gain its effect by a later mutation; but where all
#: of them stay they are soon one of ten.
_KEEPS_DEAD_STEPS = 0.15


class Made(NamedTuple):
    """A program, and what made it."""

    program: Program
    change: Change


class Programs:
    """New programs and neighbours of old ones, for one CPython; ``learner`` says of what kind.

    ``before``: what the campaign has learnt earlier. What does not steer (``engine_random``)
    learns from new deaths alone.
    """

    def __init__(
        self, python: tuple[int, ...], framework: str = "", before: Iterable[Tally] = ()
    ) -> None:
        quirk = FRAMEWORKS[framework].import_hangs if framework else None
        hangs = quirk is not None and has(python, quirk)  # each program costs its whole deadline
        weights = Weights(python=(python[0], python[1]))
        if hangs:
            weights = replace(weights, max_starts=0, most_starts=0)
        self._stops = has(python, Quirk.LEFT_SUBINTERPRETER_ABORTS)
        self.learner = Learner(weights, before)

    def new(self, rng: Random) -> Made:
        """A program from nothing."""
        return self._made(rng, Program(), generate(rng, self.learner.weights), ("regenerate",))

    def neighbour(self, rng: Random, program: Program) -> Made:
        """A mutation of a program."""
        changed = mutation(rng, program, self.learner.weights)
        return self._made(rng, program, changed.program, changed.by)

    def cross(self, rng: Random, host: Program, donor: Program) -> Made:
        """A piece of one program in another."""
        changed = splice(rng, host, donor, self.learner.weights.max_steps)
        return self._made(rng, host, changed, ("cross-over",))

    def _made(self, rng: Random, parent: Program, child: Program, by: tuple[str, ...]) -> Made:
        child = self._tidied(rng, child)
        return Made(child, Change(by, *gained(parent, child)))

    def _tidied(self, rng: Random, program: Program) -> Program:
        if rng.random() < _IMPORTS_FIRST:
            program = importing_first(program)
        if rng.random() >= _KEEPS_DEAD_STEPS:
            program = effective(program, self.learner.weights.python)
        dies = self._stops or leaves_threads(program)
        if dies and rng.random() >= _LEFT_ALL_THE_SAME:
            return stop_all(program)
        return program
