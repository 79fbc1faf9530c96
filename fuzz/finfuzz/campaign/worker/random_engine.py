"""The engine without coverage."""

from __future__ import annotations

import time
from random import Random

from finfuzz.campaign.worker.chooser import Chooser
from finfuzz.campaign.worker.loop import Loop


def run(loop: Loop, chooser: Chooser, seed: int) -> None:
    """Execute programs until the loop is over. The same seed gives the same programs."""
    rng = Random(seed)
    while not loop.over:
        begin = time.perf_counter()
        candidate = chooser.choose(rng)
        loop.mutation_seconds += time.perf_counter() - begin
        if loop.execute(candidate.program, candidate.change).timed_out:
            chooser.forget(candidate.program)
