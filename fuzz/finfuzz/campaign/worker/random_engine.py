"""The engine that looks at nothing: programs from nothing and their neighbours."""

from __future__ import annotations

import time
from collections import deque
from random import Random

from finfuzz.campaign.worker.loop import Loop
from finfuzz.campaign.worker.program_source import Made, Programs

#: Programs that the next ones are made from, beside those made from nothing.
_POOL = 256


def run(loop: Loop, programs: Programs, seed: int) -> None:
    """Executes until the loop is over. The same seed gives the same programs."""
    rng = Random(seed)
    pool: deque[Made] = deque(maxlen=_POOL)
    while not loop.over:
        begin = time.perf_counter()
        if pool and rng.random() < 0.5:
            made = programs.neighbour(rng, rng.choice(pool).program)
        else:
            made = programs.new(rng)
        loop.mutation_seconds += time.perf_counter() - begin
        pool.append(made)
        loop.execute(made.program, made.change)
