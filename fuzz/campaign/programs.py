"""Where an engine's next program comes from."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from fuzz.program.generate import generate, leaves_threads, stop_all
from fuzz.program.model import Program
from fuzz.program.mutate import mutate
from fuzz.program.scope import effective
from fuzz.program.splice import splice
from fuzz.program.weights import Weights
from fuzz.target.spec import PYBIND11

#: Before 3.13 a subinterpreter that is left aborts Py_FinalizeEx (gh-113433), and with it goes all
#: that would have happened later. Unattended, two programs of five ended so.
#: Since then it may hang, for its whole deadline, if it has a thread (docs/found.md).
_LEAVES_SAFELY = (3, 13)
_LEFT_ALL_THE_SAME = 0.1
#: Before 3.12 a pybind11 extension that a subinterpreter imports hangs (pybind11 issue 4245): each
#: such program would cost its whole deadline.
_IMPORTS_IN_SUBINTERPRETERS = (3, 12)
#: Steps without effect cost little, and one may gain its effect by a later mutation; but where all
#: of them stay they are soon one of ten.
_KEEPS_DEAD_STEPS = 0.15


class Programs:
    """New programs and neighbours of old ones, for one CPython."""

    def __init__(self, python: tuple[int, ...], framework: str = "") -> None:
        hangs = framework == PYBIND11 and python < _IMPORTS_IN_SUBINTERPRETERS
        self._weights = Weights(python=(python[0], python[1]))
        if hangs:
            self._weights = replace(self._weights, max_starts=0, most_starts=0)
        self._stops = python < _LEAVES_SAFELY

    def new(self, rng: Random) -> Program:
        """A program from nothing."""
        return self._tidied(rng, generate(rng, self._weights))

    def neighbour(self, rng: Random, program: Program) -> Program:
        """A mutation of a program."""
        return self._tidied(rng, mutate(rng, program, self._weights))

    def cross(self, rng: Random, host: Program, donor: Program) -> Program:
        """A piece of one program in another."""
        return self._tidied(rng, splice(rng, host, donor, self._weights.max_steps))

    def _tidied(self, rng: Random, program: Program) -> Program:
        if rng.random() >= _KEEPS_DEAD_STEPS:
            program = effective(program, self._weights.python)
        dies = self._stops or leaves_threads(program)
        if dies and rng.random() >= _LEFT_ALL_THE_SAME:
            return stop_all(program)
        return program
