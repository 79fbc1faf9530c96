"""Shapes as single steps, as ``child/words/shapes.py`` makes them."""

from __future__ import annotations

from collections.abc import Callable

from finfuzz.program.legal import EDGES_FROM, SHAPEABLE
from finfuzz.program.model import Step
from finfuzz.program.words import is_own

Pairs = list[tuple[int, int]]


def _ring(size: int) -> Pairs:
    return [((index - 1) % size, index) for index in range(size)]


def _chain(size: int) -> Pairs:
    return [(index - 1, index) for index in range(1, size)]


def _tree(size: int) -> Pairs:
    return [((index - 1) // 2, index) for index in range(1, size)]


def _star(size: int) -> Pairs:
    return [(0, index) for index in range(1, size)]


def _clique(size: int) -> Pairs:
    return [(source, target) for source in range(size) for target in range(size)]


def _two_rings(size: int) -> Pairs:
    second = [0, *range(size, 2 * size - 1)]
    return _ring(size) + [(second[source], second[target]) for source, target in _ring(size)]


_PAIRS: dict[str, Callable[[int], Pairs]] = {
    "ring": _ring,
    "chain": _chain,
    "tree": _tree,
    "star": _star,
    "clique": _clique,
    "two-rings": _two_rings,
}


def count_nodes(shape: str, size: int) -> int:
    """Count the nodes of a shape: two rings share one."""
    return 2 * size - 1 if shape == "two-rings" else size


#: The edge of a recipe's kinds whose constructor takes a `cell`: shapes use it.
CELL = ":cell"


def is_shapeable(kind: str) -> bool:
    """Whether a shape of that kind has edges; one that a recipe names has, where it has any."""
    return kind in SHAPEABLE or is_own(kind)


def unroll_shape(step: Step, names: list[str]) -> tuple[Step, ...]:
    """Spell a `shape` step out as `node`, `edge` and `drop` steps.

    ``names``: a name for each node (``count_nodes``), the shape's own name first. All nodes but the
    first are dropped at the end, as the shape itself does.
    """
    _, shape, kind, size = step.args
    nodes = [Step("node", (name, kind)) for name in names]
    (edge, *_) = EDGES_FROM.get(kind, (CELL,))
    edges = [Step("edge", (names[a], names[b], edge)) for a, b in _PAIRS[shape](int(size))]
    return (*nodes, *edges, *(Step("drop", (name,)) for name in names[1:]))
