"""Draw a program's interpreters and objects over its steps, and the point of the crash."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from finfuzz.program.model import Program, Step
from finfuzz.program.shapes import count_nodes
from finfuzz.program.walk import FIRST, walk
from finfuzz.report.graph import InterpreterGraph, Node, build_graphs

#: Columns after the steps: the progress of the process's end.
ENDS = ("Py_FinalizeEx", "modules cleared", "dict cleared", "types finalized", "exited")
_PROGRESS = {"": 0, "modules-cleared": 1, "dict-cleared": 2, "types-finalized": 3}
#: Longer programs are not drawn; of more objects, only the first are drawn.
MOST_STEPS, MOST_BARS = 200, 24
LEFT, COLUMN, END, ROW, HEAD = 118.0, 26.0, 66.0, 17.0, 36.0


class Bar(msgspec.Struct, frozen=True):
    """One object. It has a name until ``dropped`` and is kept alive by others until ``until``.

    From then until ``loose``, the object waits for a garbage collection.
    """

    label: str
    y: float
    begin: float
    dropped: float
    until: float
    loose: float


class LifeRow(msgspec.Struct, frozen=True):
    """One life of one interpreter, from ``begin`` to ``end``. ``left`` means never stopped.

    ``more`` counts the objects that are not drawn.
    """

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
    """A timeline, in pixels. ``steps`` are (x, number, text).

    ``crash`` is the point of the crash, None if unknown. ``goes_on`` means that the program reached
    its last step.
    """

    width: float
    height: float
    steps: tuple[tuple[float, int, str], ...]
    finalizing: float
    rows: tuple[LifeRow, ...]
    crash: tuple[float, float] | None
    goes_on: bool


class _Life:
    """The steps of one interpreter's life, by number from 0."""

    def __init__(self, graph: InterpreterGraph, begin: int) -> None:
        self.graph, self.begin, self.end = graph, begin, -1
        self.made: list[int] = []
        self.dropped: dict[int, int] = {}
        self.collected: list[int] = []

    def take(self, number: int, step: Step) -> None:
        """Record a step that has an effect in this life."""
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


def draw_timeline(
    program: Program, phase: str, interpreter: str, *, survives: bool = False
) -> Timeline | None:
    """Draw a program. ``phase`` and ``interpreter`` are the finding's.

    ``survives`` means that the defect does not end the process. Return None for too many steps.
    """
    if len(program.steps) > MOST_STEPS:
        return None
    lives, at, current, last = _collect_lives(program)
    finalizing = LEFT + COLUMN * max(at, 1) + 8
    goes_on = survives or not _ended_in_step(phase, lives[current], last)
    limit = finalizing if goes_on else _find_x(max(last, 0)) + COLUMN / 2
    rows, y = [], HEAD
    for life in lives:
        row = _draw_row(life, y, limit)
        rows.append(row)
        y += row.height + 10
    crash = _locate_crash(phase, interpreter, rows, lives, current, last, finalizing)
    numbered = [(number, step) for number, step in enumerate(program.steps)]
    return Timeline(
        width=finalizing + END * len(ENDS) + 8,
        height=y,
        steps=tuple(
            (_find_x(number), number + 1, " ".join([step.op, *step.args]))
            for number, step in numbered
        ),
        finalizing=finalizing,
        rows=tuple(rows),
        crash=crash,
        goes_on=goes_on,
    )


def _collect_lives(program: Program) -> tuple[list[_Life], int, int, int]:
    """Return the lives in order, the number of steps, and the last step with an effect.

    The third number is the life that was current at this last step, the fourth is the step.
    """
    graphs = iter(build_graphs(program))
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


def _draw_row(life: _Life, y: float, limit: float) -> LifeRow:
    graph = life.graph
    begin = _find_x(life.begin) if life.begin or graph.flavour else LEFT
    end = _find_x(life.end) if life.end >= 0 else limit
    until = _find_kept(life, end)
    bars: list[Bar] = []
    for index, node in enumerate(graph.nodes[:MOST_BARS]):
        made = _find_x(life.made[index])
        dropped = _find_x(life.dropped[index]) if index in life.dropped else end
        loose = until[index]
        if _in_cycle(graph.nodes, index) and loose < end:
            later = [_find_x(at) for at in life.collected if _find_x(at) > loose]
            loose = min(later, default=end)
        row = y + 22 + ROW * len(bars)
        bars.append(
            Bar(f"{node.name} {node.kind}", row, made, dropped, max(until[index], dropped), loose)
        )
    more = len(graph.nodes) - len(bars)
    state = graph.flavour + (f"life {graph.life}" if graph.life > 1 and not graph.flavour else "")
    left = life.end < 0
    height = 22 + ROW * (len(bars) + bool(more))
    return LifeRow(graph.name, state, y, height, begin, end, left, tuple(bars), more)


def _find_kept(life: _Life, end: float) -> list[float]:
    """Return until when a name, a root or another object keeps each object alive."""
    nodes = life.graph.nodes
    until = [
        end if node.roots or index not in life.dropped else _find_x(life.dropped[index])
        for index, node in enumerate(nodes)
    ]
    for _ in nodes:  # the longest chain of references has as many links
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


def _locate_crash(
    phase: str,
    interpreter: str,
    rows: Sequence[LifeRow],
    lives: Sequence[_Life],
    current: int,
    last: int,
    finalizing: float,
) -> tuple[float, float] | None:
    progress, _, cleared = phase.partition("/")
    if _ended_in_step(phase, lives[current], last):
        return _find_x(max(last, 0)), rows[current].y + 9
    column = _PROGRESS.get(cleared, 0) if progress in ("stopping", "finalizing") else None
    column = len(ENDS) - 1 if progress == "exited" else column
    if column is None:
        return None
    left = [index for index, row in enumerate(rows) if row.left]
    mains = [index for index in left if not lives[index].graph.flavour]
    subs = [index for index in left if lives[index].graph.flavour]
    elsewhere = progress == "stopping" or interpreter not in ("", "main")
    index = (subs[-1:] or mains[-1:])[0] if elsewhere else mains[-1]
    return finalizing + END * (column + 0.5), rows[index].y + 9


def _ended_in_step(phase: str, life: _Life, last: int) -> bool:
    """Return whether the process ended in the last step, not after this step."""
    progress = phase.partition("/")[0]
    return progress == "running" or (progress == "stopping" and life.end == last >= 0)


def _find_x(number: int) -> float:
    return LEFT + COLUMN * (number + 0.5)
