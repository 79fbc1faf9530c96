"""What is left: of programs written for one thing each, and of any program at all."""

from __future__ import annotations

from functools import partial
from itertools import islice

import pytest

from finfuzz.program.model import Program
from finfuzz.triage.minimize import minimize, search
from finfuzz.triage.minimize.reducers import Reducer, reducers
from helpers.minimal_facts import (
    Predicate,
    cycle_held,
    did,
    did_elsewhere,
    did_in,
    made,
    program,
    shown,
    some,
    some_programs,
    where,
)
from helpers.minimal_graphs import GRAPHS, WORDS
from helpers.minimal_worlds import STEPS, WORLDS

CASES = STEPS | WORLDS | GRAPHS | WORDS


@pytest.mark.parametrize("case", CASES)
def test_minimal(case: str) -> None:
    text, same, left = CASES[case]
    assert same(program(text))
    assert shown(minimize(program(text), same)) == left


#: The same is left of every program for which it holds.
PROMISES: dict[str, tuple[Predicate, str]] = {
    "a container in a cycle, held by what outlives modules": (
        cycle_held("container", "codec interpreter-dict leak"),
        "node a container; edge a a append; root a codec",
    ),
    "a cycle": (some(lambda one: one.in_a_cycle), "node a list; edge a a append"),
    "three objects": (some(lambda _: True, least=3), "node a list; node b list; node c list"),
    "an object of the extension": (
        some(lambda one: one.kind in ("container", "subclass", "enum")),
        "node a container",
    ),
    "a hook of the collector": (
        some(lambda one: bool({"traverse", "clear"} & {hook for hook, _ in one.hooks})),
        "node a container; hook a clear plain",
    ),
    "an object in an interpreter with a GIL of its own": (
        did_in("node", "isolated strict"),
        "start i1 isolated; enter i1; node a list",
    ),
    "an object in an interpreter": (
        some(lambda one: one.inside != ""),
        "start i1 stdlib; enter i1; node a list",
    ),
    "two interpreters": (did("start", "start"), "start i1 stdlib; start i2 stdlib"),
    "another thread": (did_elsewhere("node"), "elsewhere; node a list"),
    "two lives": (where(lambda facts: facts.lives >= 2), "again"),
    "an object in the second life": (some(lambda one: one.life >= 2), "again; node a list"),
    "a fork, and an object": (did("fork", "node"), "node a list; fork"),
    "two objects of one kind": (made("dict dict"), "node a dict; node b dict"),
}


@pytest.mark.parametrize("promise", PROMISES)
def test_minimal_whatever_was_found(promise: str) -> None:
    same, left = PROMISES[promise]
    for found in islice(some_programs(same, least=10), 4):
        assert shown(minimize(found, same)) == left


def name_of(reducer: Reducer) -> str:
    return reducer.func.__name__ if isinstance(reducer, partial) else reducer.__name__


@pytest.mark.parametrize("idle", dict.fromkeys(map(name_of, reducers(Program()))))
def test_without_any_one_reducer_some_case_ends_elsewhere(
    idle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        search, "reducers", lambda made: [one for one in reducers(made) if name_of(one) != idle]
    )
    assert any(shown(minimize(program(text), same)) != left for text, same, left in CASES.values())
