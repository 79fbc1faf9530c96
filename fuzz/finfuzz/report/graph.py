"""Build the object graph of a program, interpreter by interpreter."""

from __future__ import annotations

from dataclasses import dataclass, field

from finfuzz.program.model import Program, Step
from finfuzz.program.shapes import count_nodes, unroll_shape
from finfuzz.program.walk import FIRST, walk


@dataclass
class Node:
    """An object. ``edges`` are (word, index of the target in the interpreter's nodes).

    ``hooks`` are (hook, action). ``roots`` keep the object alive beside its variable, which is
    gone if ``dropped``.
    """

    name: str
    kind: str
    edges: list[tuple[str, int]] = field(default_factory=list)
    hooks: list[tuple[str, str]] = field(default_factory=list)
    roots: list[str] = field(default_factory=list)
    dropped: bool = False


@dataclass
class InterpreterGraph:
    """One life of one interpreter. The main one has no ``flavour``. ``left``: never stopped."""

    name: str
    life: int
    flavour: str = ""
    left: bool = True
    nodes: list[Node] = field(default_factory=list)
    _last: dict[str, int] = field(default_factory=dict)

    def add(self, node: Node) -> None:
        """Add a node."""
        self._last[node.name] = len(self.nodes)
        self.nodes.append(node)

    def find(self, name: str) -> int:
        """Return the index of the last node made under a name."""
        return self._last[name]


def build_graphs(program: Program) -> list[InterpreterGraph]:
    """Return the interpreters in the order of their start, each with its nodes."""
    graphs = {FIRST: InterpreterGraph(FIRST.name, FIRST.life)}
    for visit in walk(program):
        if visit.begins:
            name, life, _, flavour = visit.begins
            graphs[visit.begins] = InterpreterGraph(name, life, flavour)
        elif visit.ends:
            graphs[visit.ends[0]].left = False
        elif visit.has_effect:
            _add_step(graphs[visit.interpreter], visit.step)
    return list(graphs.values())


def _add_step(interpreter: InterpreterGraph, step: Step) -> None:
    if step.op == "shape":
        name, shape, _, size = step.args
        others = range(2, count_nodes(shape, int(size)) + 1)
        for each in unroll_shape(step, [name, *(f"{name}.{number}" for number in others)]):
            _add_step(interpreter, each)
    elif step.op == "node":
        name, kind = step.args
        interpreter.add(Node(name, kind))
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
