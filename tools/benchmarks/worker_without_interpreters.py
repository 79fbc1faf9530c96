"""A campaign's worker whose programs start no interpreters; campaigns have no such option.

It is run like finfuzz.campaign.worker.process and is the same in all other respects.
"""

from __future__ import annotations

from random import Random
from unittest.mock import patch

from finfuzz.campaign.worker import chooser, process
from finfuzz.campaign.worker.program_source import ProgramSource
from finfuzz.generation.generate import leave_out
from finfuzz.generation.sweep.space import Space
from finfuzz.program.model import Program
from finfuzz.targets.built import Build

_WITHOUT = ("start", "again")


class ProgramsWithoutInterpreters(ProgramSource):
    """Programs that start no interpreter and have no further life."""

    def _tidy(self, rng: Random, program: Program, *, starts: bool = False) -> Program:
        return leave_out(super()._tidy(rng, program, starts=starts), _WITHOUT)


def make_space(build: Build) -> Space:
    """Make the space of a sweep of such programs."""
    return Space(build.offers, build.interpreter.version, avoided=(*build.avoided, *_WITHOUT))


if __name__ == "__main__":
    with (
        patch.object(process, "ProgramSource", ProgramsWithoutInterpreters),
        patch.object(chooser, "make_space", make_space),
    ):
        process.main()
