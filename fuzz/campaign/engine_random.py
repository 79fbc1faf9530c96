"""The engine that looks at nothing: programs from nothing and their neighbours."""

from __future__ import annotations

from collections import deque
from random import Random

from fuzz.campaign.loop import Loop
from fuzz.program.generate import generate
from fuzz.program.model import Program
from fuzz.program.mutate import mutate

#: Programs that the next ones are made from, beside those made from nothing.
_POOL = 256


def run(loop: Loop, seed: int) -> None:
    """Executes until the loop is over. The same seed gives the same programs."""
    rng = Random(seed)
    pool: deque[Program] = deque(maxlen=_POOL)
    while not loop.over:
        program = mutate(rng, rng.choice(pool)) if pool and rng.random() < 0.5 else generate(rng)
        pool.append(program)
        loop.execute(program)
