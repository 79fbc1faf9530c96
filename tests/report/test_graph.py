"""Programs as graphs, written as text: `life name flavour: node kind roots -edge-> target`."""

from __future__ import annotations

import pytest

from finfuzz.program.text import parse
from finfuzz.report.graph import InterpreterGraph, build_graphs


def format_graph(interpreter: InterpreterGraph) -> str:
    nodes = []
    for node in interpreter.nodes:
        parts = [node.name, node.kind, *node.roots, *(f"{at}:{act}" for at, act in node.hooks)]
        parts += [f"-{word}->{interpreter.nodes[target].name}" for word, target in node.edges]
        nodes.append(" ".join(parts) + (" dropped" if node.dropped else ""))
    head = f"{interpreter.life} {interpreter.name} {interpreter.flavour}".rstrip()
    left = " left" if interpreter.flavour and interpreter.left else ""
    return f"{head}{left}: {', '.join(nodes)}".rstrip(" :")


@pytest.mark.parametrize(
    ("steps", "graph"),
    [
        ("", ["1 main"]),
        (
            "node a container|edge a a append|hook a clear lookup|root a codec|root a sys",
            ["1 main: a container codec sys clear:lookup -append->a"],
        ),
        # a name used again is another node, and edges go to the one that was meant
        (
            "node a list|node b list|edge b a append|node a dict|edge b a append|drop b",
            ["1 main: a list, b list -append->a -append->a dropped, a dict"],
        ),
        (
            "shape a ring list 2|root a leak",
            ["1 main: a list leak -append->a.2, a.2 list -append->a dropped"],
        ),
        (
            "start i1 legacy|enter i1|node a list|start i2 stdlib|stop i1|node b list",
            ["1 main: b list", "1 i1 legacy: a list", "1 i2 stdlib left"],
        ),
        ("node a list|again|node b list", ["1 main: a list", "2 main: b list"]),
        # what has no effect is not drawn
        ("edge a b append|root a sys|node a list|root b sys", ["1 main: a list"]),
    ],
)
def test_graph(steps: str, graph: list[str]) -> None:
    program = parse("finfuzz 1\n" + steps.replace("|", "\n") + "\n")
    assert [format_graph(interpreter) for interpreter in build_graphs(program)] == graph


def test_objects_of_a_package_are_shown() -> None:
    program = parse("finfuzz 1\nnode a :box\nedge a a :cell\nroot a codec\nshape b ring :box 2\n")
    (graph,) = build_graphs(program)
    assert format_graph(graph).startswith("1 main: a :box codec -:cell->a, b :box")


def test_a_name_is_found_at_once_however_many_there_are() -> None:
    """A finding of 2 MB has 60,000 objects: they were searched at each step, for minutes."""
    steps = [f"node n{number} list\ndrop n{number}" for number in range(20_000)]
    (graph,) = build_graphs(parse("\n".join(["finfuzz 1", *steps, ""])))
    assert all(node.dropped for node in graph.nodes)
    assert graph.find("n7") == 7
