"""Without some of the steps. What would then have no effect goes with them (``search.py``)."""

from __future__ import annotations

from collections.abc import Iterator

from finfuzz.program.model import NODE_ROLES, Program, Step
from finfuzz.triage.minimize.names import nodes_of


def without_life(program: Program) -> Iterator[Program]:
    """Without one of the lives that `again` divides a program into, the last first."""
    lives: list[list[Step]] = [[]]
    for step in program.steps:
        if step.op == "again":
            lives.append([])
        else:
            lives[-1].append(step)
    agains = [step for step in program.steps if step.op == "again"]
    for left_out in reversed(range(len(lives)) if agains else ()):
        left = lives[:left_out] + lives[left_out + 1 :]
        steps = left[0]
        for again, life in zip(agains, left[1:], strict=False):
            steps = [*steps, again, *life]
        yield Program(tuple(steps))


def without_run(size: int, program: Program) -> Iterator[Program]:
    """Without ``size`` steps in a row, the last of them first: late steps depend on early ones."""
    steps = program.steps
    for stop in range(len(steps), 0, -size):
        yield Program(steps[: max(stop - size, 0)] + steps[stop:])


def without_node(program: Program) -> Iterator[Program]:
    """Without one node and all that speaks of it, the last first."""
    for name in reversed(nodes_of(program)):
        steps = (step for step in program.steps if name not in step.names(*NODE_ROLES))
        yield Program(tuple(steps))


def in_one_thread(program: Program) -> Iterator[Program]:
    """With no step in another thread."""
    yield Program(tuple(step for step in program.steps if step.op != "elsewhere"))


def replaced(program: Program, index: int, *steps: Step) -> Program:
    """The program with others in place of one step."""
    return Program(program.steps[:index] + steps + program.steps[index + 1 :])
