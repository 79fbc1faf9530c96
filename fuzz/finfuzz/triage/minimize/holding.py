"""Reducers that keep a node alive at another place, where that saves a step or an edge.

Crashes at the end differ mostly in which object outlives which, and many programs lead there.
Without these reducers, programs that met one defect through different roots would stay different.
"""

from __future__ import annotations

from collections.abc import Iterator

from finfuzz.program.language import Role
from finfuzz.program.model import NODE_ROLES, Program, Step
from finfuzz.program.words import ROOT
from finfuzz.triage.minimize.names import list_nodes
from finfuzz.triage.minimize.simplicity import PLAINEST
from finfuzz.triage.minimize.steps import replace_step

#: The plainest kind with a destructor in the extension.
_OBJECT = "instance"


def replace_step_by_root(program: Program) -> Iterator[Program]:
    """Replace a step that names a node by a root of that node, the plainest root first."""
    for index, step in enumerate(program.steps):
        for name in step.names(Role.NODE)[:1]:
            for root in PLAINEST[ROOT]:
                yield replace_step(program, index, Step("root", (name, root)))


def replace_hook_by_object(program: Program) -> Iterator[Program]:
    """Replace a hook by a rooted object of the extension, whose destructor runs code too."""
    for index, step in enumerate(program.steps):
        for at, node in enumerate(program.steps[:index] if step.op == "hook" else ()):
            if node.op == "node" and node.args[0] == step.args[0]:
                plain = replace_step(program, at, Step("node", (node.args[0], _OBJECT)))
                for root in PLAINEST[ROOT]:
                    yield replace_step(plain, index, Step("root", (step.args[0], root)))


def move_root(program: Program) -> Iterator[Program]:
    """Move a root to any other place, and leave out one of the other steps."""
    for index, step in enumerate(program.steps):
        for root in PLAINEST[ROOT] if step.op == "root" else ():
            held = replace_step(program, index, Step("root", (step.args[0], root)))
            for out in reversed(range(len(program))):
                if out != index:
                    yield Program(held.steps[:out] + held.steps[out + 1 :])


def replace_node_by_root(program: Program) -> Iterator[Program]:
    """Leave out one node and all steps that name it, and root another node at any place."""
    names = list_nodes(program)
    for gone in names:
        naming = [at for at, step in enumerate(program.steps) if gone in step.names(*NODE_ROLES)]
        for name in names:
            for root in PLAINEST[ROOT] if name != gone else ():
                held = replace_step(program, naming[-1], Step("root", (name, root)))
                left = (step for at, step in enumerate(held.steps) if at not in naming[:-1])
                yield Program(tuple(left))
