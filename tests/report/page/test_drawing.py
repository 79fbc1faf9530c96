"""Object graphs and timelines of programs, as positions."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from finfuzz.program.text import parse
from finfuzz.report.graph import build_graphs
from finfuzz.report.page.drawing import Box, draw_graph
from finfuzz.report.page.timeline import COLUMN, END, LEFT, Timeline, draw_timeline
from helpers.places import ROOT

PHASES = (
    "running", "stopping", "stopping/dict-cleared", "finalizing", "finalizing/types-finalized",
    "exited/static-destructors", "an unknown phase",
)  # fmt: skip


def draw(steps: str, phase: str = "running", interpreter: str = "main") -> Timeline:
    found = draw_timeline(parse(f"finfuzz 1\n{steps}\n".replace("|", "\n")), phase, interpreter)
    assert found is not None
    return found


def at(number: int) -> float:
    return LEFT + COLUMN * (number - 0.5)


def apart(one: Box, other: Box) -> bool:
    across = abs(one.x - other.x) >= (one.width + other.width) / 2
    return across or abs(one.y - other.y) >= (one.height + other.height) / 2


@pytest.mark.parametrize(
    "path", sorted((ROOT / "corpus").glob("*.fin")), ids=lambda path: path.stem
)
def test_every_program_of_the_corpus_is_drawn(path: Path) -> None:
    program = parse(path.read_text(encoding="utf-8"))
    for graph in build_graphs(program):
        picture = draw_graph(graph)
        for box in picture.boxes:
            assert 0 <= box.x - box.width / 2 < box.x + box.width / 2 <= picture.width
            assert 0 <= box.top < box.bottom <= picture.height
        assert all(apart(one, other) for one, other in combinations(picture.boxes, 2))
    for phase in PHASES:
        line = draw_timeline(program, phase, "main")
        assert line is not None
        assert (line.crash is None) == (phase == "an unknown phase")
        assert line.crash is None or line.crash[0] < line.width


def test_a_self_cycle_kept_by_a_root() -> None:
    program = parse("finfuzz 1\nnode a container\nedge a a append\nedge a a append\nroot a codec\n")
    picture = draw_graph(build_graphs(program)[0])
    assert [(box.kind, box.lines) for box in picture.boxes] == [
        ("interpreter", ("main",)),
        ("object", ("a container",)),
        ("root", ("variable",)),
        ("root", ("codec",)),
    ]
    assert [(arrow.kind, arrow.words) for arrow in picture.arrows] == [
        ("keeps", ""), ("holds", ""), ("keeps", ""), ("holds", ""), ("refers", "append ×2"),
    ]  # fmt: skip


def test_too_many_objects_are_not_drawn() -> None:
    steps = "".join(f"node n{number} list\n" for number in range(80))
    picture = draw_graph(build_graphs(parse(f"finfuzz 1\n{steps}"))[0])
    assert (picture.boxes, picture.summary) == ((), "80 objects and 0 references")


def test_a_name_given_up_and_what_keeps_the_object_then() -> None:
    line = draw("node a list|node b list|edge a b append|drop b|node c list|drop c", "finalizing")
    a, b, c = line.rows[0].bars
    assert (a.begin, a.dropped) == (at(1), line.finalizing)
    assert (b.dropped, b.until) == (at(4), line.finalizing)
    assert (c.dropped, c.until, c.loose) == (at(6), at(6), at(6))


def test_a_dropped_cycle_waits_for_a_collection() -> None:
    (bar,) = draw("node a list|edge a a append|drop a|import|collect|import").rows[0].bars
    assert (bar.until, bar.loose) == (at(3), at(5))


def test_interpreters_and_lives() -> None:
    line = draw("start i1 legacy|stop i1|start i2 stdlib|again|node a list", "finalizing")
    rows = [(row.label, row.state, row.begin, row.end) for row in line.rows]
    assert rows == [
        ("main", "", LEFT, at(4)),
        ("i1", "legacy", at(1), at(2)),
        ("i2", "stdlib", at(3), at(4)),
        ("main", "life 2", at(4), line.finalizing),
    ]


@pytest.mark.parametrize(
    ("phase", "interpreter", "row", "column"),
    [
        ("running", "stdlib", 1, None),
        ("finalizing/dict-cleared", "main", 0, 2),
        ("finalizing", "isolated", 1, 0),
        ("stopping/modules-cleared", "stdlib", 1, 1),
        ("exited", "main", 0, 4),
    ],
)
def test_the_point_of_the_crash(phase: str, interpreter: str, row: int, column: int | None) -> None:
    line = draw("start i1 stdlib|enter i1|node a list", phase, interpreter)
    assert line.crash is not None
    x = at(3) if column is None else line.finalizing + END * (column + 0.5)
    assert line.crash == (x, line.rows[row].y + 9)
    assert line.goes_on == (column is not None)
