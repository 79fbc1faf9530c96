"""Draw the object graph of one interpreter: the interpreter, its roots, the objects below them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import pairwise

import igraph
import msgspec

from finfuzz.report.graph import InterpreterGraph
from finfuzz.report.page.text import reveal

#: A larger graph is a knot of lines on any screen.
MOST_OBJECTS, MOST_EDGES = 60, 240
#: With more edges, their labels would cover one another.
_MOST_LABELS = 30
_LETTER, _LINE, _PAD = 6.4, 15.0, 9.0
_GAP_X, _GAP_Y, _MARGIN = 26.0, 46.0, 14.0
_LOOP = 26.0


class Box(msgspec.Struct, frozen=True):
    """A box around ``x``, ``y``. ``kind`` is interpreter, root or object.

    ``lines`` are its text, the most important first.
    """

    kind: str
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]

    @property
    def top(self) -> float:
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height / 2


class Arrow(msgspec.Struct, frozen=True):
    """An arrow. ``kind`` is keeps (from an interpreter), holds (from a root), refers or weak.

    ``path`` is SVG path data. The label ``words`` is placed at ``x``, ``y`` with SVG's ``anchor``.
    """

    kind: str
    path: str
    words: str
    x: float
    y: float
    anchor: str = "middle"


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """A drawing, in pixels. ``summary`` describes the drawing in words.

    ``common`` lists the edges' words if there are too many edges to label. A graph of too many
    objects has no boxes.
    """

    width: float = 0.0
    height: float = 0.0
    summary: str = ""
    common: str = ""
    boxes: tuple[Box, ...] = ()
    arrows: tuple[Arrow, ...] = ()


class _Graph:
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


def draw_graph(interpreter: InterpreterGraph) -> Drawing:
    """Draw one life of one interpreter in layers (Sugiyama) by distance from the interpreter."""
    count = sum(len(node.edges) for node in interpreter.nodes)
    summary = f"{len(interpreter.nodes)} objects and {count} references"
    if len(interpreter.nodes) > MOST_OBJECTS or count > MOST_EDGES:
        return Drawing(summary=summary)
    graph = _build_graph(interpreter)
    layers = _assign_layers(graph)
    sizes = [_measure(lines) for lines in graph.lines]
    places, bends = _lay_out(graph, layers, sizes)
    boxes = [
        Box(kind, x, y, *size, lines)
        for kind, (x, y), size, lines in zip(graph.kinds, places, sizes, graph.lines, strict=True)
    ]
    words = {word for pair in graph.edges.values() for word in pair if word}
    labelled = len(graph.edges) <= _MOST_LABELS
    arrows = _draw_arrows(graph, boxes, bends, labelled)
    right = max(box.x + box.width / 2 for box in boxes)
    loops = any(source == target for source, target in graph.edges)
    reach = max((len(arrow.words) for arrow in arrows), default=0) * _LETTER if loops else 0.0
    right += _LOOP + reach if loops else 0.0
    arcs = any(
        layers[source] == layers[target] and source != target for source, target in graph.edges
    )
    return Drawing(
        width=right + _MARGIN,
        height=max(box.bottom for box in boxes) + _MARGIN + (_GAP_Y if arcs else 0),
        summary=summary,
        common="" if labelled else ", ".join(sorted(words)),
        boxes=tuple(boxes),
        arrows=tuple(arrows),
    )


def _draw_arrows(
    graph: _Graph,
    boxes: Sequence[Box],
    bends: Mapping[int, Sequence[tuple[float, float]]],
    labelled: bool,
) -> list[Arrow]:
    arrows = []
    for number, ((source, target), names) in enumerate(graph.edges.items()):
        kind = {"interpreter": "keeps", "root": "holds"}.get(graph.kinds[source], "refers")
        kind = "weak" if set(names) == {"weak"} else kind
        text = _join_words(names) if labelled else ""
        both = (target, source) in graph.edges
        ends = (boxes[source], boxes[target])
        arrows.append(_draw_arrow(kind, *ends, bends.get(number, ()), text, both))
    return arrows


def _build_graph(interpreter: InterpreterGraph) -> _Graph:
    graph = _Graph()
    state = [f"life {interpreter.life}"] if interpreter.life > 1 else []
    state += ["left running"] if interpreter.flavour and interpreter.left else []
    top = graph.add("interpreter", interpreter.name, interpreter.flavour, ", ".join(state))
    roots: dict[str, int] = {}
    numbers = []
    for node in interpreter.nodes:
        hooks = [f"{hook}: {action}" for hook, action in node.hooks]
        numbers.append(graph.add("object", f"{node.name} {node.kind}", *hooks))
    for node, number in zip(interpreter.nodes, numbers, strict=True):
        variable = [] if node.dropped or "." in node.name else ["variable"]
        for root in dict.fromkeys([*variable, *node.roots]):
            if root not in roots:
                roots[root] = graph.add("root", root)
                graph.join(top, roots[root], "")
            graph.join(roots[root], number, "")
        for word, target in node.edges:
            graph.join(number, numbers[target], word)
    return graph


def _assign_layers(graph: _Graph) -> list[int]:
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


def _lay_out(
    graph: _Graph, layers: Sequence[int], sizes: Sequence[tuple[float, float]]
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
    middles, y = [], _MARGIN
    for height in tall:
        middles.append(y + height / 2)
        y += height + _GAP_Y
    start = _MARGIN + max(width for width, _ in sizes) / 2
    places = [
        (start + (x - left) * unit, middles[layer]) for x, layer in zip(columns, every, strict=True)
    ]
    points = {number: [places[vertex] for vertex in through] for number, through in bends.items()}
    return places[: len(layers)], points


def _draw_arrow(
    kind: str,
    source: Box,
    target: Box,
    bends: Sequence[tuple[float, float]],
    words: str,
    both: bool,
) -> Arrow:
    if source is target:
        x, y = source.x + source.width / 2, source.y
        path = f"M{x:.1f} {y - 6:.1f}c{_LOOP} -16 {_LOOP} 28 0 12"
        return Arrow(kind, path, words, x + _LOOP - 2, y + 4, "start")
    if source.y == target.y:
        middle, low = (source.x + target.x) / 2, max(source.bottom, target.bottom) + _GAP_Y * 0.75
        path = (
            f"M{source.x:.1f} {source.bottom:.1f}C{source.x:.1f} {low:.1f} "
            f"{target.x:.1f} {low:.1f} {target.x:.1f} {target.bottom:.1f}"
        )
        return Arrow(kind, path, words, middle, low - 8)
    down = source.y < target.y
    # Edges in both directions are two lines, with their labels on either side.
    aside = (-7.0 if down else 7.0) if both else 0.0
    start = (source.x + aside, source.bottom if down else source.top)
    end = (target.x + aside, target.top if down else target.bottom)
    points = [start, *bends, end]
    path = f"M{start[0]:.1f} {start[1]:.1f}"
    for (x1, y1), (x2, y2) in pairwise(points):
        half = (y1 + y2) / 2
        path += f"C{x1:.1f} {half:.1f} {x2:.1f} {half:.1f} {x2:.1f} {y2:.1f}"
    (x1, y1), (x2, y2) = points[0], points[1]
    anchor = ("end" if down else "start") if both else "middle"
    return Arrow(kind, path, words, (x1 + x2) / 2 + aside, (y1 + y2) / 2 + 4, anchor)


def _measure(lines: Sequence[str]) -> tuple[float, float]:
    longest = max((len(line) for line in lines), default=1)
    return longest * _LETTER + 2 * _PAD, len(lines) * _LINE + _PAD


def _join_words(words: Sequence[str]) -> str:
    counts = {word: words.count(word) for word in dict.fromkeys(words) if word}
    return ", ".join(f"{word} ×{times}" if times > 1 else word for word, times in counts.items())


def _clip(text: str) -> str:
    return text if len(text) <= 44 else text[:43] + "…"
