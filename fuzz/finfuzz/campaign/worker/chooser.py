"""The choice of a worker's next program: a source by its yield, then its newest candidate."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from pathlib import Path
from random import Random

from finfuzz.campaign.worker.job import Job
from finfuzz.campaign.worker.program_source import Candidate, ProgramSource
from finfuzz.generation.combinations import Combinations
from finfuzz.generation.features import list_features
from finfuzz.generation.life_cycles import TOGETHER
from finfuzz.generation.novelty import Novelty
from finfuzz.generation.sweep.source import Sweep
from finfuzz.generation.sweep.space import Space
from finfuzz.generation.weights import COVERAGE, GRAPH, LATEST, LIFE_CYCLE, SWEEP, pick
from finfuzz.program.model import Program
from finfuzz.support.errors import UserError
from finfuzz.targets.built import Build

#: Programs that are made to run one of them: each takes 0.5 ms, a fortieth of an average child.
#: Four find no more than two in the same time (docs/truth.md).
CANDIDATES = 2
#: Latest programs that mutations start from.
_LATEST = 256


def make_space(build: Build) -> Space:
    """Make the space of a build's sweep: without interpreters where each would hang."""
    python = build.interpreter.version
    starts = ("start",) if build.spec.record.hangs_on(python) else ()
    return Space(build.offers, python, avoided=(*build.avoided, *starts))


class Chooser:
    """Chooses programs, and counts what was chosen.

    ``novelty``: counts of features, ``explored``: combinations of words, both shared with the other
    workers of the lane. ``sweep``: None where the campaign has none.
    """

    def __init__(
        self,
        source: ProgramSource,
        novelty: Novelty,
        explored: Combinations,
        sweep: Sweep | None,
    ) -> None:
        self.source = source
        self._novelty, self._explored, self._sweep = novelty, explored, sweep
        self._latest: deque[Program] = deque(maxlen=_LATEST)

    @classmethod
    def for_job(cls, job: Job, source: ProgramSource, build: Build) -> Chooser:
        """Make the chooser of a worker. Raises UserError for files that can't be written."""
        try:
            sweep = Sweep(make_space(build), Path(job.paths.sweep))
            explored = Combinations(build.offers, Path(job.paths.explored))
            return cls(source, Novelty(Path(job.paths.novelty)), explored, sweep)
        except OSError as error:
            raise UserError(f"can't write {error.filename}: {error.strerror}") from error

    def choose(self, rng: Random, covered: Callable[[], Candidate] | None = None) -> Candidate:
        """Choose the next program. ``covered``: makes one of a program that libFuzzer kept."""
        source = self._pick_source(rng, covered is not None)
        if source == SWEEP:
            if (program := self.sweep_next()) is not None:
                return Candidate(program, SWEEP)
            source = LIFE_CYCLE
        # As many payloads in each: more of them would always be newer.
        together = rng.choice(TOGETHER)
        made = [self._make(rng, source, covered, together) for _ in range(CANDIDATES)]
        chosen = self._choose_newest(made)
        self._explored.count(self.source.trim(chosen.program))
        self._latest.append(chosen.program)
        return chosen

    def forget(self, program: Program) -> None:
        """Do not mutate a program: it hung, and so would most of its mutants."""
        with contextlib.suppress(ValueError):  # not one of the latest
            self._latest.remove(program)

    def _pick_source(self, rng: Random, has_covered: bool) -> str:
        weights = {**self.source.learner.weights.sources}
        if not has_covered:  # mutations of the latest take its share
            weights[LATEST] += weights.pop(COVERAGE)
        return pick(rng, list(weights), list(weights.values()))

    def _make(
        self, rng: Random, source: str, covered: Callable[[], Candidate] | None, together: int
    ) -> Candidate:
        if source == COVERAGE and covered is not None:
            return covered()
        if source == LATEST and self._latest:
            program = rng.choice(self._latest)
            if self.source.can_mutate(rng, program):
                return self.source.mutate(rng, program)
        return self.source.generate(rng, GRAPH if source == GRAPH else LIFE_CYCLE, together)

    def _choose_newest(self, made: list[Candidate]) -> Candidate:
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
            self._explored.count(program)
        return program
