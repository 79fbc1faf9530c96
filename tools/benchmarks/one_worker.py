"""A campaign's worker whose programs start no interpreters: a benchmark's, and no option's.

It is run like finfuzz.campaign.worker.process, and is that in all other respects.
"""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

from finfuzz.campaign.worker import process
from finfuzz.campaign.worker.program_source import ProgramSource
from finfuzz.generation.learning import Learner, Tally


class WithoutInterpreters(ProgramSource):
    """New programs and neighbours in which no interpreter is started, and no further life."""

    def __init__(self, python: tuple[int, ...], framework: str, before: tuple[Tally, ...]) -> None:
        super().__init__(python, framework, before)
        weights = self.learner.weights
        operations = {**weights.operations, "start": 0.0, "again": 0.0}
        stated = replace(weights, operations=operations, max_starts=0, most_starts=0)
        self.learner = Learner(stated, before)


if __name__ == "__main__":
    with patch.object(process, "ProgramSource", WithoutInterpreters):
        process.main()
