"""Fewer nodes and edges, and edges that go nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

from finfuzz.generation.generate import fresh_name
from finfuzz.program.language import Role
from finfuzz.program.model import Program, Step
from finfuzz.program.shapes import node_count, unrolled
from finfuzz.triage.minimize.names import nodes_of, renamed
from finfuzz.triage.minimize.steps import replaced

#: Nodes that are named one by one. Beyond it a shape says the same better; sizes are reduced first.
_FEW = 3


def merged_nodes(program: Program) -> Iterator[Program]:
    """One node less: what is said of it is said of another one, the last first."""
    names = nodes_of(program)
    for gone in reversed(names):
        for into in names:
            if into != gone:
                yield _merged(program, gone, into)


def import_instead(program: Program) -> Iterator[Program]:
    """An import for a node: all that some are needed for."""
    for index, step in enumerate(program.steps):
        if step.op == "node":
            yield replaced(program, index, Step("import"))


def spelled_out(program: Program) -> Iterator[Program]:
    """A shape as a single node, as nodes alone, with the edges too, or step by step."""
    taken = set(nodes_of(program))
    for index, step in enumerate(program.steps):
        if step.op == "shape":
            names, count = [step.args[0]], node_count(step.args[1], int(step.args[3]))
            while len(names) < count:
                names.append(fresh_name(taken | {*names}))
            for steps in _spellings(step, names):
                yield replaced(program, index, *steps)


def rewired(program: Program) -> Iterator[Program]:
    """An edge back to where it comes from, or another node spoken of."""
    names = nodes_of(program)
    for index, step in enumerate(program.steps):
        if step.op == "edge":
            source, target, edge = step.args
            yield replaced(program, index, Step("edge", (source, source, edge)))
            yield replaced(program, index, Step("edge", (target, target, edge)))
        for place, role, old in step.typed():
            for name in names if role is Role.NODE else ():
                if name != old:
                    args = (*step.args[:place], name, *step.args[place + 1 :])
                    yield replaced(program, index, Step(step.op, args))


def _merged(program: Program, gone: str, into: str) -> Program:
    def name(role: Role, old: str) -> str:
        return into if role is Role.NODE and old == gone else old

    left = (step for step in program.steps if gone not in step.names(Role.NEW_NODE))
    return Program(tuple(renamed(step, name) for step in left))


def _spellings(step: Step, names: list[str]) -> Iterator[list[Step]]:
    steps = unrolled(Step("shape", step.args), names)
    nodes = [each for each in steps if each.op == "node"]
    yield nodes[:1]
    yield nodes
    if len(names) <= _FEW:
        yield [each for each in steps if each.op != "drop"]
        yield list(steps)
