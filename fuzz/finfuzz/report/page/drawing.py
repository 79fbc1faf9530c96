"""Draw the object graph of one interpreter: the interpreter, its roots, the objects below them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec

from finfuzz.report.graph import InterpreterGraph
from finfuzz.report.page.layout import (
    GAP_Y,
    LETTER,
    MARGIN,
    Graph,
    assign_layers,
    lay_out,
    measure_box,
)

#: A larger graph is a knot of lines on any screen.
MOST_OBJECTS, MOST_EDGES = 60, 240
#: With more edges, their labels would cover one another.
_MOST_LABELS = 30
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


def draw_graph(interpreter: InterpreterGraph) -> Drawing:
    """Draw one life of one interpreter in layers (Sugiyama) by distance from the interpreter."""
    count = sum(len(node.edges) for node in interpreter.nodes)
    summary = f"{len(interpreter.nodes)} objects and {count} references"
    if len(interpreter.nodes) > MOST_OBJECTS or count > MOST_EDGES:
        return Drawing(summary=summary)
    graph = _build_graph(interpreter)
    layers = assign_layers(graph)
    sizes = [measure_box(lines) for lines in graph.lines]
    places, bends = lay_out(graph, layers, sizes)
    boxes = [
        Box(kind, x, y, *size, lines)
        for kind, (x, y), size, lines in zip(graph.kinds, places, sizes, graph.lines, strict=True)
    ]
    words = {word for pair in graph.edges.values() for word in pair if word}
    labelled = len(graph.edges) <= _MOST_LABELS
    arrows = _draw_arrows(graph, boxes, bends, labelled)
    right = max(box.x + box.width / 2 for box in boxes)
    loops = any(source == target for source, target in graph.edges)
    reach = max((len(arrow.words) for arrow in arrows), default=0) * LETTER if loops else 0.0
    right += _LOOP + reach if loops else 0.0
    arcs = any(
        layers[source] == layers[target] and source != target for source, target in graph.edges
    )
    return Drawing(
        width=right + MARGIN,
        height=max(box.bottom for box in boxes) + MARGIN + (GAP_Y if arcs else 0),
        summary=summary,
        common="" if labelled else ", ".join(sorted(words)),
        boxes=tuple(boxes),
        arrows=tuple(arrows),
    )


def _draw_arrows(
    graph: Graph,
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


def _build_graph(interpreter: InterpreterGraph) -> Graph:
    graph = Graph()
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
        middle, low = (source.x + target.x) / 2, max(source.bottom, target.bottom) + GAP_Y * 0.75
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


def _join_words(words: Sequence[str]) -> str:
    counts = {word: words.count(word) for word in dict.fromkeys(words) if word}
    return ", ".join(f"{word} ×{times}" if times > 1 else word for word, times in counts.items())
