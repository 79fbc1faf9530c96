"""Lay out an object graph: a layer for each distance from the interpreter, positions in pixels."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

import igraph

from finfuzz.support.terminal import reveal

LETTER, _LINE, _PAD = 6.4, 15.0, 9.0
_GAP_X, GAP_Y, MARGIN = 26.0, 46.0, 14.0


class Graph:
    """Vertices with their kinds and lines, and the words of edges by pair of vertices."""

    def __init__(self) -> None:
        self.kinds: list[str] = []
        self.lines: list[tuple[str, ...]] = []
        self.edges: dict[tuple[int, int], list[str]] = {}

    def add(self, kind: str, *lines: str) -> int:
        self.kinds.append(kind)
        self.lines.append(tuple(_clip(reveal(line)) for line in lines if line))
        return len(self.kinds) - 1

    def join(self, source: int, target: int, word: str) -> None:
        self.edges.setdefault((source, target), []).append(word)


def assign_layers(graph: Graph) -> list[int]:
    """Return the distance of each vertex from the interpreter; unreachable objects start at 2."""
    after: dict[int, list[int]] = {}
    for source, target in graph.edges:
        after.setdefault(source, []).append(target)
    found = {0: 0}
    for start in range(len(graph.kinds)):
        if start not in found:
            found[start] = 1 if graph.kinds[start] == "root" else 2
        queue = deque([start])
        while queue:
            here = queue.popleft()
            for there in after.get(here, ()):
                if there not in found:
                    found[there] = found[here] + 1
                    queue.append(there)
    return [found[number] for number in range(len(graph.kinds))]


def lay_out(
    graph: Graph, layers: Sequence[int], sizes: Sequence[tuple[float, float]]
) -> tuple[list[tuple[float, float]], dict[int, list[tuple[float, float]]]]:
    """Return the middle of each vertex, and the points on the way of each long edge."""
    edges: list[tuple[int, int]] = []
    every, bends = list(layers), {}
    for number, pair in enumerate(graph.edges):
        high, low = sorted(pair, key=lambda vertex: layers[vertex])
        between = range(layers[high] + 1, layers[low])
        through = list(range(len(every), len(every) + len(between)))
        every += between
        if layers[high] != layers[low]:  # the layout accepts edges between layers only
            edges += pairwise([high, *through, low])
        if through:
            bends[number] = through if high == pair[0] else through[::-1]
    laid = igraph.Graph(n=len(every), edges=edges, directed=True).layout_sugiyama(layers=every)
    columns = [x for x, _ in laid.coords[: len(every)]]
    left = min(columns)
    unit = max(width for width, _ in sizes) + _GAP_X
    tall = [0.0] * (max(every) + 1)
    for layer, (_, height) in zip(layers, sizes, strict=True):
        tall[layer] = max(tall[layer], height)
    middles, y = [], MARGIN
    for height in tall:
        middles.append(y + height / 2)
        y += height + GAP_Y
    start = MARGIN + max(width for width, _ in sizes) / 2
    places = [
        (start + (x - left) * unit, middles[layer]) for x, layer in zip(columns, every, strict=True)
    ]
    points = {number: [places[vertex] for vertex in through] for number, through in bends.items()}
    return places[: len(layers)], points


def measure_box(lines: Sequence[str]) -> tuple[float, float]:
    """Return the width and height of a box around these lines."""
    longest = max((len(line) for line in lines), default=1)
    return longest * LETTER + 2 * _PAD, len(lines) * _LINE + _PAD


def _clip(text: str) -> str:
    return text if len(text) <= 44 else text[:43] + "…"
