"""Mutators that repeat steps in another life or in another interpreter.

Half of the known defects need that (tools/truth/): the second life or interpreter uses what the
first one left behind. Inserting steps one by one hardly ever leads there.
"""

from __future__ import annotations

from random import Random

from finfuzz.generation.generate import find_free_name, pick_word
from finfuzz.generation.splice import slice_with_dependencies
from finfuzz.generation.weights import Weights
from finfuzz.program.language import MAIN
from finfuzz.program.model import Program, Step
from finfuzz.program.scope import Scope
from finfuzz.program.words import FLAVOUR

#: Steps that are not copied into another interpreter: they switch, start or end interpreters.
_OUTSIDE = {"start", "enter", "stop", "fork", "again", "exit"}


def relive(rng: Random, program: Program, _: Weights) -> Program | None:
    """Repeat a program, or a part of it, in another life of the process."""
    lived = tuple(step for step in program.steps if step.op != "exit")
    if not lived:
        return None
    exits = tuple(step for step in program.steps if step.op == "exit")
    return Program((*lived, Step("again"), *_some(rng, lived), *exits), program.below)


def settle(rng: Random, program: Program, weights: Weights) -> Program | None:
    """Run a program, or a part of it, in a new interpreter: before, after or instead."""
    inside = tuple(step for step in _some(rng, program.steps) if step.op not in _OUTSIDE)
    if not inside:
        return None
    name = find_free_name({each for step in program.steps for each in step.args}, "i")
    start = Step(
        "start",
        (name, pick_word(rng, Scope(weights.python, offers=weights.offers), weights, FLAVOUR)),
    )
    there = (start, Step("enter", (name,)), *inside)
    back = Step("stop", (name,)) if rng.random() < 0.5 else Step("enter", (MAIN,))
    steps = rng.choice([there, (*there, back, *program.steps), (*program.steps, *there, back)])
    return Program(steps, program.below)


def _some(rng: Random, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Pick all of the steps, or a few that depend on no others."""
    return steps if rng.random() < 0.5 else slice_with_dependencies(rng, Program(steps))
