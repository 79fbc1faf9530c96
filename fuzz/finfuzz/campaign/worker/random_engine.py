"""The unguided engine: new programs and their mutations, at random."""

from __future__ import annotations

import time
from collections import deque
from random import Random

from finfuzz.campaign.worker.loop import Loop
from finfuzz.campaign.worker.program_source import Candidate, ProgramSource

#: Latest programs that mutations start from.
_POOL = 256


def run(loop: Loop, source: ProgramSource, seed: int) -> None:
    """Execute programs until the loop is over. The same seed gives the same programs."""
    rng = Random(seed)
    pool: deque[Candidate] = deque(maxlen=_POOL)
    while not loop.over:
        begin = time.perf_counter()
        if pool and rng.random() < 0.5:
            candidate = source.mutate(rng, rng.choice(pool).program)
        else:
            candidate = source.generate(rng)
        loop.mutation_seconds += time.perf_counter() - begin
        pool.append(candidate)
        loop.execute(candidate.program, candidate.change)
