"""The engine that looks at nothing: programs from nothing and their neighbours."""

from __future__ import annotations

from collections import deque
from random import Random

from fuzz.campaign.loop import Loop
from fuzz.campaign.programs import Programs
from fuzz.program.model import Program

#: Programs that the next ones are made from, beside those made from nothing.
_POOL = 256


def run(loop: Loop, programs: Programs, seed: int) -> None:
    """Executes until the loop is over. The same seed gives the same programs."""
    rng = Random(seed)
    pool: deque[Program] = deque(maxlen=_POOL)
    while not loop.over:
        if pool and rng.random() < 0.5:
            program = programs.neighbour(rng, rng.choice(pool))
        else:
            program = programs.new(rng)
        pool.append(program)
        loop.execute(program)
