"""Object graphs on a terminal: small ones whole, and any that a sent finding has, within bounds."""

from __future__ import annotations

from itertools import pairwise

import pytest
from rich.console import Console

from finfuzz.report.terminal import render_graph


def draw(*steps: str) -> list[str]:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(render_graph("\n".join(["finfuzz 1", *steps, ""])))
    return [line.rstrip() for line in captured.get().splitlines()]


def chain(length: int, times: int = 1) -> list[str]:
    """Make steps: a chain of containers below a variable, each link ``times`` over."""
    names = [f"n{number}" for number in range(length)]
    return [
        *(f"node {name} container" for name in names),
        *(f"edge {a} {b} append" for a, b in pairwise(names) for _ in range(times)),
        *(f"drop {name}" for name in names[1:]),
    ]


def test_an_object_is_written_in_full_once() -> None:
    steps = ("node a list", "node b list", "edge a b append", "edge b a append", "root a sys")
    assert draw(*steps, "drop b") == [
        "main",
        "└── sys + variable",
        "    └── a list",
        "        └── append → b list",
        "            └── append → a list  ↑ again",
    ]
    assert draw(*steps)[-2:] == ["└── variable", "    └── b list  ↑ again"]


def test_a_graph_that_doubles_at_each_level_is_no_longer_than_its_edges() -> None:
    drawn = draw(*chain(14, times=2))
    assert len(drawn) == 2 + 1 + 26
    assert sum("↑ again" in line for line in drawn) == 12


@pytest.mark.parametrize("length", [100, 1500])
def test_a_long_chain_is_cut(length: int) -> None:
    drawn = draw(*chain(length))
    assert len(drawn) == 2 + 17
    assert drawn[-1].strip() == "└── append → n16 container  …"


def test_a_large_graph_is_cut() -> None:
    drawn = draw(*(f"node n{number} list" for number in range(600)))
    assert len(drawn) == 1 + 2 * 500 + 1
    assert drawn[-1] == "└── … more than 500 objects and references"
