"""Another place that keeps a node alive, where that saves a step or an edge.

Deaths at the end differ mostly in what outlives what, and there are many ways to it: without these,
programs that found one defect by different ways would stay different.
"""

from __future__ import annotations

from collections.abc import Iterator

from finfuzz.program.language import Role
from finfuzz.program.model import NODE_ROLES, Program, Step
from finfuzz.program.words import ROOT
from finfuzz.triage.minimize.names import nodes_of
from finfuzz.triage.minimize.simplicity import PLAINEST
from finfuzz.triage.minimize.steps import replaced

#: The plainest kind that has a destructor of the extension's.
_OBJECT = "instance"


def root_instead(program: Program) -> Iterator[Program]:
    """A step that speaks of a node roots it instead, at the plainest place first."""
    for index, step in enumerate(program.steps):
        for name in step.names(Role.NODE)[:1]:
            for root in PLAINEST[ROOT]:
                yield replaced(program, index, Step("root", (name, root)))


def object_instead(program: Program) -> Iterator[Program]:
    """A hook gives way to an object of the extension, which runs its code when it goes, rooted."""
    for index, step in enumerate(program.steps):
        for at, node in enumerate(program.steps[:index] if step.op == "hook" else ()):
            if node.op == "node" and node.args[0] == step.args[0]:
                plain = replaced(program, at, Step("node", (node.args[0], _OBJECT)))
                for root in PLAINEST[ROOT]:
                    yield replaced(plain, index, Step("root", (step.args[0], root)))


def other_root(program: Program) -> Iterator[Program]:
    """A root at any other place, and without one of the other steps."""
    for index, step in enumerate(program.steps):
        for root in PLAINEST[ROOT] if step.op == "root" else ():
            held = replaced(program, index, Step("root", (step.args[0], root)))
            for out in reversed(range(len(program))):
                if out != index:
                    yield Program(held.steps[:out] + held.steps[out + 1 :])


def other_node(program: Program) -> Iterator[Program]:
    """Without one node and all that speaks of it, and another one rooted at any place instead."""
    names = nodes_of(program)
    for gone in names:
        told = [at for at, step in enumerate(program.steps) if gone in step.names(*NODE_ROLES)]
        for name in names:
            for root in PLAINEST[ROOT] if name != gone else ():
                held = replaced(program, told[-1], Step("root", (name, root)))
                left = (step for at, step in enumerate(held.steps) if at not in told[:-1])
                yield Program(tuple(left))
