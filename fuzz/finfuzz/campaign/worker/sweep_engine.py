"""The engine of the sweep: all small programs in their order, and nothing else."""

from __future__ import annotations

import time

from finfuzz.campaign.worker.chooser import Chooser
from finfuzz.campaign.worker.loop import Loop
from finfuzz.generation.learning import Change, list_gains
from finfuzz.generation.weights import SWEEP
from finfuzz.program.model import Program


def run(loop: Loop, chooser: Chooser) -> bool:
    """Execute programs until the loop is over. Returns whether none is left for this worker."""
    while not loop.over:
        begin = time.perf_counter()
        program = chooser.sweep_next()
        loop.mutation_seconds += time.perf_counter() - begin
        if program is None:
            return True
        loop.execute(program, Change(SWEEP, (), *list_gains(Program(), program)))
    return False
