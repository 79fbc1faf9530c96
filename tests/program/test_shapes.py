"""A shape written out as steps is the same graph as the library makes."""

import importlib.util
from collections.abc import Callable
from itertools import count
from types import ModuleType
from typing import Any

import pytest

from finfuzz.program.legal import EDGES_FROM, SHAPEABLE
from finfuzz.program.model import Program, Step
from finfuzz.program.scope import effective
from finfuzz.program.shapes import count_nodes, unroll_shape
from finfuzz.program.words import SHAPE, SIZE
from helpers.places import CHILD

#: Pairs of node numbers, in no order: that in which nodes are made is nobody's business.
Graph = list[tuple[int, int]]
SHAPES = [(shape, int(size)) for shape in SHAPE.texts for size in SIZE.texts]


@pytest.fixture(scope="module")
def library() -> ModuleType:
    path = CHILD / "words/shapes.py"
    spec = importlib.util.spec_from_file_location("shapes", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def made(function: Callable[..., Any], size: int) -> tuple[int, int, Graph]:
    """(nodes, the one returned, edges) of a shape made of numbers."""
    numbers, graph = count(), Graph()
    first = function(lambda: next(numbers), lambda a, b: graph.append((a, b)), size)
    return next(numbers), first, graph


def steps_of(shape: str, size: int, kind: str = "list") -> tuple[Step, ...]:
    names = [f"n{number}" for number in range(count_nodes(shape, size))]
    return unroll_shape(Step("shape", (names[0], shape, kind, str(size))), names)


@pytest.mark.parametrize(("shape", "size"), SHAPES)
def test_the_library_makes_the_same_graph(library: ModuleType, shape: str, size: int) -> None:
    nodes, first, graph = made(getattr(library, f"shape_{shape.replace('-', '_')}"), size)
    edges = [step.args for step in steps_of(shape, size) if step.op == "edge"]
    assert first == 0
    assert nodes == count_nodes(shape, size)
    assert sorted(graph) == sorted((int(a[1:]), int(b[1:])) for a, b, _ in edges)


def test_every_shape_is_in_the_library(library: ModuleType) -> None:
    made = {name for name in vars(library) if name.startswith("shape_")}
    assert made == {f"shape_{shape.replace('-', '_')}" for shape in SHAPE.texts}


@pytest.mark.parametrize(
    ("shape", "size", "graph"),
    [
        ("ring", 1, [(0, 0)]),
        ("ring", 3, [(0, 1), (1, 2), (2, 0)]),
        ("chain", 1, []),
        ("chain", 3, [(0, 1), (1, 2)]),
        ("tree", 5, [(0, 1), (0, 2), (1, 3), (1, 4)]),
        ("star", 3, [(0, 1), (0, 2)]),
        ("clique", 2, [(0, 0), (0, 1), (1, 0), (1, 1)]),
        ("two-rings", 1, [(0, 0), (0, 0)]),
        ("two-rings", 2, [(0, 1), (0, 2), (1, 0), (2, 0)]),
    ],
)
def test_shapes_by_example(library: ModuleType, shape: str, size: int, graph: Graph) -> None:
    assert sorted(made(getattr(library, f"shape_{shape.replace('-', '_')}"), size)[2]) == graph


@pytest.mark.parametrize("kind", sorted(SHAPEABLE))
@pytest.mark.parametrize("shape", SHAPE.texts)
def test_each_step_that_it_stands_for_has_an_effect(shape: str, kind: str) -> None:
    steps = steps_of(shape, 3, kind)
    assert effective(Program(steps)).steps == steps
    assert {step.args[2] for step in steps if step.op == "edge"} == {EDGES_FROM[kind][0]}


@pytest.mark.parametrize(("shape", "size"), SHAPES)
def test_only_the_first_keeps_its_name(shape: str, size: int) -> None:
    steps = steps_of(shape, size)
    names = [step.args[0] for step in steps if step.op == "node"]
    assert [step.args[0] for step in steps if step.op == "drop"] == names[1:]
    assert names[0] == "n0"
