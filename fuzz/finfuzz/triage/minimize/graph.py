"""Reducers of the object graph: fewer nodes and edges, and edges that lead back."""

from __future__ import annotations

from collections.abc import Iterator

from finfuzz.generation.generate import find_free_name
from finfuzz.program.language import Role
from finfuzz.program.model import Program, Step
from finfuzz.program.shapes import count_nodes, is_shapeable, unroll_shape
from finfuzz.triage.minimize.names import list_nodes, rename
from finfuzz.triage.minimize.steps import replace_step

#: Nodes that are named one by one. More of them read better as a shape; sizes are reduced first.
_FEW = 3


def merge_nodes(program: Program) -> Iterator[Program]:
    """Let another node take all steps of one node, the last node first."""
    names = list_nodes(program)
    for gone in reversed(names):
        for into in names:
            if into != gone:
                yield _merge(program, gone, into)


def replace_node_by_import(program: Program) -> Iterator[Program]:
    """Replace a node by an import: some nodes are needed for nothing else."""
    for index, step in enumerate(program.steps):
        if step.op == "node":
            yield replace_step(program, index, Step("import"))


def spell_out_shape(program: Program) -> Iterator[Program]:
    """Write a shape as a single node, as nodes alone, with the edges, or step by step."""
    taken = set(list_nodes(program))
    for index, step in enumerate(program.steps):
        if step.op == "shape" and is_shapeable(step.args[2]):
            names, count = [step.args[0]], count_nodes(step.args[1], int(step.args[3]))
            while len(names) < count:
                names.append(find_free_name(taken | {*names}))
            for steps in _spell_out(step, names):
                yield replace_step(program, index, *steps)


def rewire_edge(program: Program) -> Iterator[Program]:
    """Lead an edge back to its own node, or name another node in a step."""
    names = list_nodes(program)
    for index, step in enumerate(program.steps):
        if step.op == "edge":
            source, target, edge = step.args
            yield replace_step(program, index, Step("edge", (source, source, edge)))
            yield replace_step(program, index, Step("edge", (target, target, edge)))
        for place, role, old in step.typed():
            for name in names if role is Role.NODE else ():
                if name != old:
                    args = (*step.args[:place], name, *step.args[place + 1 :])
                    yield replace_step(program, index, Step(step.op, args))


def _merge(program: Program, gone: str, into: str) -> Program:
    def name(role: Role, old: str) -> str:
        return into if role is Role.NODE and old == gone else old

    left = (step for step in program.steps if gone not in step.names(Role.NEW_NODE))
    return Program(tuple(rename(step, name) for step in left))


def _spell_out(step: Step, names: list[str]) -> Iterator[list[Step]]:
    steps = unroll_shape(Step("shape", step.args), names)
    nodes = [each for each in steps if each.op == "node"]
    yield nodes[:1]
    yield nodes
    if len(names) <= _FEW:
        yield [each for each in steps if each.op != "drop"]
        yield list(steps)
