"""Build the object graph of a program, interpreter by interpreter."""

from __future__ import annotations

from dataclasses import dataclass, field

from finfuzz.program.language import MAIN
from finfuzz.program.model import Program, Step
from finfuzz.program.scope import Scope
from finfuzz.program.shapes import node_count, unrolled


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

    def find(self, name: str) -> int:
        """Return the index of the last node made under a name."""
        return max(index for index, node in enumerate(self.nodes) if node.name == name)


def build_graphs(program: Program) -> list[InterpreterGraph]:
    """Return the interpreters in the order of their start, each with its nodes."""
    scope, life = Scope(), 1
    here = {MAIN: InterpreterGraph(MAIN, life)}
    found = [here[MAIN]]
    for step in program.steps:
        current = scope.current
        if not scope.apply(step):
            continue
        if step.op == "again":
            life += 1
            here = {MAIN: InterpreterGraph(MAIN, life)}
            found.append(here[MAIN])
        elif step.op == "start":
            name, flavour = step.args
            here[name] = InterpreterGraph(name, life, flavour)
            found.append(here[name])
        elif step.op == "stop":
            here.pop(step.args[0]).left = False
        else:
            _add_step(here[current], step)
    return found


def _add_step(interpreter: InterpreterGraph, step: Step) -> None:
    if step.op == "shape":
        name, shape, _, size = step.args
        others = range(2, node_count(shape, int(size)) + 1)
        for each in unrolled(step, [name, *(f"{name}.{number}" for number in others)]):
            _add_step(interpreter, each)
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
