"""A program's interpreters over its steps: which lived when, which objects they had, where it
ended."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from finfuzz.program.model import Program, Step
from finfuzz.program.shapes import count_nodes
from finfuzz.program.walk import FIRST, walk
from finfuzz.report.graph import InterpreterGraph, Node, graph_of

#: Columns behind the steps: how far the end of the process was.
ENDS = ("Py_FinalizeEx", "modules cleared", "dict cleared", "types finalized", "exited")
_PROGRESS = {"": 0, "modules-cleared": 1, "dict-cleared": 2, "types-finalized": 3}
#: Longer programs are told by their text alone, and of more objects the first are drawn.
MOST_STEPS, MOST_BARS = 200, 24
LEFT, COLUMN, END, ROW, HEAD = 118.0, 26.0, 66.0, 17.0, 36.0


class Bar(msgspec.Struct, frozen=True):
    """One object. ``named`` until ``dropped``, kept by others until ``until``; ``loose``: then
    only a collection frees it."""

    label: str
    y: float
    begin: float
    dropped: float
    until: float
    loose: float


class Row(msgspec.Struct, frozen=True):
    """One life of one interpreter, from ``begin`` to ``end``; ``left``: it was never stopped.
    ``more``: objects that are not drawn."""

    label: str
    state: str
    y: float
    height: float
    begin: float
    end: float
    left: bool
    bars: tuple[Bar, ...]
    more: int


class Timeline(msgspec.Struct, frozen=True):
    """Sizes in pixels. ``steps``: (x, number, text); ``death``: where, None if not known;
    ``goes_on``: whether the program came to its end."""

    width: float
    height: float
    steps: tuple[tuple[float, int, str], ...]
    finalizing: float
    lanes: tuple[Row, ...]
    death: tuple[float, float] | None
    goes_on: bool


class _Life:
    """What the steps say of one interpreter's life; numbers are those of steps, from 0."""

    def __init__(self, graph: InterpreterGraph, begin: int) -> None:
        self.graph, self.begin, self.end = graph, begin, -1
        self.made: list[int] = []
        self.dropped: dict[int, int] = {}
        self.collected: list[int] = []

    def take(self, number: int, step: Step) -> None:
        """A step that had an effect in it."""
        if step.op == "node":
            self.made.append(number)
        elif step.op == "shape":
            first = len(self.made)
            self.made += [number] * count_nodes(step.args[1], int(step.args[3]))
            self.dropped |= dict.fromkeys(range(first + 1, len(self.made)), number)
        elif step.op == "drop":
            here = [at for at in range(len(self.made)) if self.graph.nodes[at].name == step.args[0]]
            self.dropped[here[-1]] = number
        elif step.op == "collect":
            self.collected.append(number)


def timeline(
    program: Program, phase: str, interpreter: str, *, survives: bool = False
) -> Timeline | None:
    """Draws a program; ``phase`` and ``interpreter`` as a finding has them. ``survives``: what is
    wrong does not end the process. None where it has too many steps."""
    if len(program.steps) > MOST_STEPS:
        return None
    lives, at, current, last = _lives(program)
    finalizing = LEFT + COLUMN * max(at, 1) + 8
    goes_on = survives or not _within(phase, lives[current], last)
    limit = finalizing if goes_on else _middle(max(last, 0)) + COLUMN / 2
    lanes, y = [], HEAD
    for life in lives:
        lane = _lane(life, y, limit)
        lanes.append(lane)
        y += lane.height + 10
    where = _death(phase, interpreter, lanes, lives, current, last, finalizing)
    numbered = [(number, step) for number, step in enumerate(program.steps)]
    return Timeline(
        width=finalizing + END * len(ENDS) + 8,
        height=y,
        steps=tuple(
            (_middle(number), number + 1, " ".join([step.op, *step.args]))
            for number, step in numbered
        ),
        finalizing=finalizing,
        lanes=tuple(lanes),
        death=where,
        goes_on=goes_on,
    )


def _lives(program: Program) -> tuple[list[_Life], int, int, int]:
    """The lives in order; the number of steps; which life was current at the last step that had an
    effect, and that step."""
    graphs = iter(graph_of(program))
    lives = {FIRST: _Life(next(graphs), 0)}
    current, last = FIRST, -1
    for visit in walk(program):
        if not visit.has_effect:
            continue
        current, last = visit.interpreter, visit.position
        for ended in visit.ends:
            lives[ended].end = visit.position
        if visit.begins:
            lives[visit.begins] = _Life(next(graphs), visit.position)
        elif visit.ends:
            current = visit.ends[0]
        else:
            lives[current].take(visit.position, visit.step)
    return list(lives.values()), len(program.steps), list(lives).index(current), last


def _lane(life: _Life, y: float, limit: float) -> Row:
    graph = life.graph
    begin = _middle(life.begin) if life.begin or graph.flavour else LEFT
    end = _middle(life.end) if life.end >= 0 else limit
    until = _kept(life, end)
    bars: list[Bar] = []
    for index, node in enumerate(graph.nodes[:MOST_BARS]):
        made = _middle(life.made[index])
        dropped = _middle(life.dropped[index]) if index in life.dropped else end
        loose = until[index]
        if _in_cycle(graph.nodes, index) and loose < end:
            later = [_middle(at) for at in life.collected if _middle(at) > loose]
            loose = min(later, default=end)
        row = y + 22 + ROW * len(bars)
        bars.append(
            Bar(f"{node.name} {node.kind}", row, made, dropped, max(until[index], dropped), loose)
        )
    more = len(graph.nodes) - len(bars)
    state = graph.flavour + (f"life {graph.life}" if graph.life > 1 and not graph.flavour else "")
    left = life.end < 0
    height = 22 + ROW * (len(bars) + bool(more))
    return Row(graph.name, state, y, height, begin, end, left, tuple(bars), more)


def _kept(life: _Life, end: float) -> list[float]:
    """Until when a name, a root or another object keeps each object alive."""
    nodes = life.graph.nodes
    until = [
        end if node.roots or index not in life.dropped else _middle(life.dropped[index])
        for index, node in enumerate(nodes)
    ]
    for _ in nodes:  # as often as a chain of references can be long
        before = list(until)
        for index, node in enumerate(nodes):
            for word, target in node.edges:
                if word != "weak":
                    until[target] = max(until[target], until[index])
        if until == before:
            break
    return until


def _in_cycle(nodes: Sequence[Node], start: int) -> bool:
    found: set[int] = set()
    queue = [target for word, target in nodes[start].edges if word != "weak"]
    while queue:
        here = queue.pop()
        if here == start:
            return True
        if here not in found:
            found.add(here)
            queue += [target for word, target in nodes[here].edges if word != "weak"]
    return False


def _death(
    phase: str,
    interpreter: str,
    lanes: Sequence[Row],
    lives: Sequence[_Life],
    current: int,
    last: int,
    finalizing: float,
) -> tuple[float, float] | None:
    progress, _, cleared = phase.partition("/")
    if _within(phase, lives[current], last):
        return _middle(max(last, 0)), lanes[current].y + 9
    column = _PROGRESS.get(cleared, 0) if progress in ("stopping", "finalizing") else None
    column = len(ENDS) - 1 if progress == "exited" else column
    if column is None:
        return None
    left = [index for index, lane in enumerate(lanes) if lane.left]
    mains = [index for index in left if not lives[index].graph.flavour]
    subs = [index for index in left if lives[index].graph.flavour]
    elsewhere = progress == "stopping" or interpreter not in ("", "main")
    index = (subs[-1:] or mains[-1:])[0] if elsewhere else mains[-1]
    return finalizing + END * (column + 0.5), lanes[index].y + 9


def _within(phase: str, life: _Life, last: int) -> bool:
    """Whether it ended in the last step, and not after it."""
    progress = phase.partition("/")[0]
    return progress == "running" or (progress == "stopping" and life.end == last >= 0)


def _middle(number: int) -> float:
    return LEFT + COLUMN * (number + 0.5)
