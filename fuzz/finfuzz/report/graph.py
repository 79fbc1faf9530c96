"""The object graph that a program builds, interpreter by interpreter."""

from __future__ import annotations

from dataclasses import dataclass, field

from finfuzz.program.model import Program, Step
from finfuzz.program.shapes import count_nodes, unroll_shape
from finfuzz.program.walk import FIRST, walk


@dataclass
class Node:
    """``edges``: (word, index of the target in the interpreter's nodes). ``hooks``: (hook, action).

    ``roots``: the places that keep it alive, beside its name. ``dropped``: the name was given up.
    """

    name: str
    kind: str
    edges: list[tuple[str, int]] = field(default_factory=list)
    hooks: list[tuple[str, str]] = field(default_factory=list)
    roots: list[str] = field(default_factory=list)
    dropped: bool = False


@dataclass
class InterpreterGraph:
    """One life of one interpreter. ``flavour``: empty for the main one; ``left``: never stopped."""

    name: str
    life: int
    flavour: str = ""
    left: bool = True
    nodes: list[Node] = field(default_factory=list)

    def find(self, name: str) -> int:
        """The index of the node that a name stands for: the last one made."""
        return max(index for index, node in enumerate(self.nodes) if node.name == name)


def graph_of(program: Program) -> list[InterpreterGraph]:
    """The interpreters in the order they begin, each with the nodes made in it."""
    graphs = {FIRST: InterpreterGraph(FIRST.name, FIRST.life)}
    for visit in walk(program):
        if visit.begins:
            name, life, _, flavour = visit.begins
            graphs[visit.begins] = InterpreterGraph(name, life, flavour)
        elif visit.ends:
            graphs[visit.ends[0]].left = False
        elif visit.has_effect:
            _add(graphs[visit.interpreter], visit.step)
    return list(graphs.values())


def _add(interpreter: InterpreterGraph, step: Step) -> None:
    if step.op == "shape":
        name, shape, _, size = step.args
        others = range(2, count_nodes(shape, int(size)) + 1)
        for each in unroll_shape(step, [name, *(f"{name}.{number}" for number in others)]):
            _add(interpreter, each)
    elif step.op == "node":
        name, kind = step.args
        interpreter.nodes.append(Node(name, kind))
    elif step.op in ("edge", "hook", "root", "drop"):
        node = interpreter.nodes[interpreter.find(step.args[0])]
        if step.op == "edge":
            node.edges.append((step.args[2], interpreter.find(step.args[1])))
        elif step.op == "hook":
            node.hooks.append((step.args[1], step.args[2]))
        elif step.op == "root":
            node.roots.append(step.args[1])
        else:
            node.dropped = True
