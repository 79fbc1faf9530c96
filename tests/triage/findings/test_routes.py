"""Routes are counted; the first MOST are kept, each with its shortest program."""

from __future__ import annotations

import pytest

from finfuzz.triage.findings.routes import MOST, Route, add, read_start


@pytest.mark.parametrize(
    ("steps", "roots"),
    [
        ("", ()),
        ("node a list\n", ()),
        ("node a list\nroot a sys\nroot a codec\nroot a sys\n", ("codec", "sys")),
        ("node a list\nroot b leak\n", ("leak",)),
    ],
)
def test_the_roots_of_a_program(steps: str, roots: tuple[str, ...]) -> None:
    text = f"finfuzz 1\n{steps}"
    assert read_start(text) == (roots, text)


def route(by: str, *roots: str, sightings: int = 1, program: str = "long") -> Route:
    return Route((by,), roots, sightings, program)


def test_the_same_way_is_one_route_with_the_shorter_program() -> None:
    routes: list[Route] = []
    for new in (
        route("a", "sys"),
        route("a", "sys", sightings=4, program="short"[:3]),
        route("a", "leak"),
        route("b", "sys"),
        route("a", "sys", program="longer"),
    ):
        add(routes, new)
    assert routes == [
        route("a", "sys", sightings=6, program="sho"),
        route("a", "leak"),
        route("b", "sys"),
    ]


def test_no_more_are_kept_than_anybody_reads() -> None:
    routes: list[Route] = []
    for number in range(MOST + 5):
        add(routes, route(str(number)))
    add(routes, route("0"))
    assert len(routes) == MOST
    assert routes[0].sightings == 2


def test_it_is_told_by_who_met_the_defect_and_from_where() -> None:
    assert str(Route(("inner", "outer"), ("codec", "sys"), 1, "")) == (
        "inner < outer, from codec, sys"
    )
    assert str(Route((), (), 1, "")) == "no frames, from no root"
