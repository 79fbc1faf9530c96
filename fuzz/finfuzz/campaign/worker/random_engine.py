"""The engine without coverage: new programs and mutations of the latest, the newest first."""

from __future__ import annotations

import time
from collections import deque
from random import Random

from finfuzz.campaign.worker.chooser import Chooser
from finfuzz.campaign.worker.loop import Loop
from finfuzz.campaign.worker.program_source import Candidate
from finfuzz.program.model import Program

#: Latest programs that mutations start from.
_POOL = 256


def run(loop: Loop, chooser: Chooser, seed: int) -> None:
    """Execute programs until the loop is over. The same seed gives the same programs."""
    rng = Random(seed)
    source = chooser.source
    pool: deque[Program] = deque(maxlen=_POOL)

    def make() -> Candidate:
        return source.mutate(rng, rng.choice(pool)) if pool else source.generate(rng)

    while not loop.over:
        begin = time.perf_counter()
        candidate = chooser.choose(rng, make)
        loop.mutation_seconds += time.perf_counter() - begin
        pool.append(candidate.program)
        loop.execute(candidate.program, candidate.change)
