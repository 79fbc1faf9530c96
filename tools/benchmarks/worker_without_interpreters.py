"""A campaign's worker whose programs start no interpreters; campaigns have no such option.

It is run like finfuzz.campaign.worker.process and is the same in all other respects.
"""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

from benchmarks.standalone_worker import ReweightedPrograms
from finfuzz.campaign.worker import process
from finfuzz.generation.weights import Weights


class ProgramsWithoutInterpreters(ReweightedPrograms):
    """Programs that start no interpreter and have no further life."""

    def reweight(self, weights: Weights) -> Weights:
        operations = {**weights.operations, "start": 0.0, "again": 0.0}
        return replace(weights, operations=operations, max_starts=0, most_starts=0)


if __name__ == "__main__":
    with patch.object(process, "ProgramSource", ProgramsWithoutInterpreters):
        process.main()
