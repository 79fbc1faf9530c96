"""A campaign's worker whose programs start no interpreters; campaigns have no such option.

It is run like finfuzz.campaign.worker.process and is the same in all other respects.
"""

from __future__ import annotations

from random import Random
from unittest.mock import patch

from finfuzz.campaign.worker import process
from finfuzz.campaign.worker.program_source import ProgramSource
from finfuzz.generation.generate import leave_out
from finfuzz.program.model import Program


class ProgramsWithoutInterpreters(ProgramSource):
    """Programs that start no interpreter and have no further life."""

    def _tidy(self, rng: Random, program: Program) -> Program:
        return self.trim(leave_out(super()._tidy(rng, program), ("start", "again")))


if __name__ == "__main__":
    with patch.object(process, "ProgramSource", ProgramsWithoutInterpreters):
        process.main()
