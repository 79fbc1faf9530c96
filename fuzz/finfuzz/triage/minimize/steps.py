"""Reducers that leave out steps. The search drops steps that lose their effect (``search.py``)."""

from __future__ import annotations

from collections.abc import Iterator

from finfuzz.program.language import PREFIXES
from finfuzz.program.model import NODE_ROLES, Program, Step
from finfuzz.program.walk import walk
from finfuzz.triage.minimize.names import list_nodes


def drop_life(program: Program) -> Iterator[Program]:
    """Leave out one of the lives that `again` divides a program into, the last first."""
    lives: list[list[Step]] = [[]]
    for visit in walk(program, abuse=True):
        if visit.step.op == "again" and visit.has_effect:
            lives.append([])
        else:
            lives[-1].append(visit.step)
    for left_out in reversed(range(len(lives)) if len(lives) > 1 else ()):
        first, *others = lives[:left_out] + lives[left_out + 1 :]
        later = [step for life in others for step in (Step("again"), *life)]
        yield Program((*first, *later))


def drop_run(size: int, program: Program) -> Iterator[Program]:
    """Leave out ``size`` steps in a row, the last ones first: late steps depend on early ones."""
    steps = program.steps
    for stop in range(len(steps), 0, -size):
        yield Program(steps[: max(stop - size, 0)] + steps[stop:])


def drop_node(program: Program) -> Iterator[Program]:
    """Leave out one node and all steps that name it, the last node first."""
    for name in reversed(list_nodes(program)):
        steps = (step for step in program.steps if name not in step.names(*NODE_ROLES))
        yield Program(tuple(steps))


def drop_prefixes(program: Program) -> Iterator[Program]:
    """Leave out every prefix: all steps run in one thread. Then put a plainer one for each."""
    yield Program(tuple(step for step in program.steps if step.op not in PREFIXES))
    for index, step in enumerate(program.steps):
        if step.op in PREFIXES and step.op != "elsewhere":
            yield replace_step(program, index, Step("elsewhere"))


def replace_step(program: Program, index: int, *steps: Step) -> Program:
    """Return the program with other steps in place of one step."""
    return Program(program.steps[:index] + steps + program.steps[index + 1 :])
