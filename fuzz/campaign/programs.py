"""Where an engine's next program comes from."""

from __future__ import annotations

from random import Random

from fuzz.program.generate import generate, stop_all
from fuzz.program.model import Program
from fuzz.program.mutate import mutate
from fuzz.program.splice import splice
from fuzz.program.weights import DEFAULT

#: Before 3.13 a subinterpreter that is left aborts Py_FinalizeEx (gh-113433), and with it goes all
#: that would have happened later. Unattended, two programs of five ended so.
_LEAVES_SAFELY = (3, 13)
_LEFT_ALL_THE_SAME = 0.1


class Programs:
    """New programs and neighbours of old ones, for one CPython."""

    def __init__(self, python: tuple[int, ...]) -> None:
        self._stops = python < _LEAVES_SAFELY

    def new(self, rng: Random) -> Program:
        """A program from nothing."""
        return self._tidied(rng, generate(rng))

    def neighbour(self, rng: Random, program: Program) -> Program:
        """A mutation of a program."""
        return self._tidied(rng, mutate(rng, program))

    def cross(self, rng: Random, host: Program, donor: Program) -> Program:
        """A piece of one program in another."""
        return self._tidied(rng, splice(rng, host, donor, DEFAULT.max_steps))

    def _tidied(self, rng: Random, program: Program) -> Program:
        if self._stops and rng.random() >= _LEFT_ALL_THE_SAME:
            return stop_all(program)
        return program
