"""The choice of a worker's next program: one of the sweep, or the newest of a few candidates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from finfuzz.campaign.worker.job import Job
from finfuzz.campaign.worker.program_source import Candidate, ProgramSource
from finfuzz.generation.features import list_features
from finfuzz.generation.novelty import Novelty
from finfuzz.generation.sweep.source import Sweep
from finfuzz.generation.sweep.space import Space
from finfuzz.generation.weights import SWEEP
from finfuzz.program.model import Program
from finfuzz.support.cpythons import has
from finfuzz.support.errors import UserError
from finfuzz.targets.built import Build

#: Programs that are made to run one of them. Each takes a fiftieth of an average child.
CANDIDATES = 4


def make_space(build: Build) -> Space:
    """Make the space of a build's sweep."""
    python, hangs = build.interpreter.version, build.spec.record.import_hangs
    return Space(build.offers, python, no_starts=hangs is not None and has(python, hangs))


class Chooser:
    """Chooses programs, and counts what was chosen.

    ``novelty``: counts of features, shared with the other workers of the lane. ``sweep``: None
    where the campaign has none.
    """

    def __init__(self, source: ProgramSource, novelty: Novelty, sweep: Sweep | None) -> None:
        self.source = source
        self._novelty, self._sweep = novelty, sweep

    @classmethod
    def for_job(cls, job: Job, source: ProgramSource, build: Build) -> Chooser:
        """Make the chooser of a worker. Raises UserError for files that can't be written."""
        try:
            sweep = Sweep(make_space(build), Path(job.sweep))
            return cls(source, Novelty(Path(job.novelty)), sweep)
        except OSError as error:
            raise UserError(f"can't write {error.filename}: {error.strerror}") from error

    def choose(self, rng: Random, make: Callable[[], Candidate]) -> Candidate:
        """Choose the next program. ``make``: makes a candidate."""
        if rng.random() < self._share_of_sweep and (program := self.sweep_next()) is not None:
            return Candidate(program, Program(), (SWEEP,))
        made = [make() for _ in range(CANDIDATES)]
        features = [list_features(one.program) for one in made]
        rates = [
            self._novelty.rate(found) / one.program.cost
            for one, found in zip(made, features, strict=True)
        ]
        newest = rates.index(max(rates))
        self._novelty.count(features[newest])
        return made[newest]

    def sweep_next(self) -> Program | None:
        """Take the next program of the sweep; None if there is none left."""
        program = self._sweep.make_next() if self._sweep else None
        if program is not None:
            self._novelty.count(list_features(program))
        return program

    @property
    def _share_of_sweep(self) -> float:
        weights = self.source.learner.weights.mutators
        return weights[SWEEP] / sum(weights.values())
