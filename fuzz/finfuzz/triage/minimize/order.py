"""The reducer that puts steps into the order in which the language lists its operations."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from finfuzz.program.language import PREFIXES
from finfuzz.program.model import Program, Step
from finfuzz.triage.minimize.simplicity import complexity

#: Steps that change where or when later steps run.
_TURNS = frozenset({*PREFIXES, "start", "enter", "stop", "fork", "again", "exit"})


def sort_steps(program: Program) -> Iterator[Program]:
    """Sort all steps between two turns, then move one step to another place."""
    runs = groupby(program.steps, key=lambda step: step.op in _TURNS)
    ordered = [step for turns, run in runs for step in (run if turns else sorted(run, key=_rank))]
    yield Program(tuple(ordered))
    for index, step in enumerate(program.steps):
        stop = index + (2 if step.op in PREFIXES else 1)  # with its next step
        rest = program.steps[:index] + program.steps[stop:]
        for to in range(len(rest) + 1):
            yield Program((*rest[:to], *program.steps[index:stop], *rest[to:]))


def _rank(step: Step) -> tuple[object, ...]:
    alone = complexity(Program((step,)))
    return alone.order, alone.names
