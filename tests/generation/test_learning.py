"""Weights that follow what was brought, within their bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.generation.learning import CEILING, FLOOR, Change, Learner, Tally, list_gains
from finfuzz.generation.mutate import MUTATORS
from finfuzz.generation.weights import DEFAULT, GRAPH, LIFE_CYCLE
from finfuzz.program.text import parse

GOOD, BAD = Change("latest", ("insert",), ("root",)), Change("latest", ("move",), ("drop",))


def taught(good: int, bad: int, of: int) -> Learner:
    """After so many trials of each of two mutators, of which so many brought features."""
    learner = Learner(DEFAULT)
    for number in range(of):
        for change, brings in ((GOOD, good), (BAD, bad)):
            learner.count_trial(change)
            if number < brings:
                learner.credit_features(change)
    return learner


@pytest.mark.parametrize(
    ("good", "bad", "of", "at_least", "at_most"),
    [
        (0, 0, 2000, 1.0, 1.0),
        (40, 40, 2000, 1.0, 1.0),
        (60, 20, 2000, 1.3, 1.5),
        (40, 0, 2000, 1.7, 2.0),
        (1, 0, 10, 1.0, 1.1),
    ],
    ids=["nothing yet", "as good", "three times as good", "all of it", "one is no proof"],
)
def test_what_brings_more_is_taken_more_often(
    good: int, bad: int, of: int, at_least: float, at_most: float
) -> None:
    learner = Learner(DEFAULT, taught(good, bad, of).tallies)
    factor = learner.weights.mutators["insert"] / DEFAULT.mutators["insert"]
    assert at_least <= factor <= at_most
    assert learner.weights.operations["root"] == pytest.approx(DEFAULT.operations["root"] * factor)


def test_a_death_that_looks_new_is_worth_several_features() -> None:
    learner = taught(2, 0, 2000)
    for _ in range(2):
        learner.credit_signature(BAD)
    again = Learner(DEFAULT, learner.tallies)
    assert again.weights.mutators["move"] / DEFAULT.mutators["move"] > 1


NAMES = st.sampled_from(sorted(MUTATORS))
TALLIES = st.lists(
    st.builds(
        Tally,
        st.just("mutator"),
        NAMES,
        st.integers(0, 10**7),
        st.integers(0, 10**5),
        st.integers(0, 99),
    ),
    unique_by=lambda one: one.name,
)


@given(TALLIES)
def test_nothing_is_ever_given_up_and_nothing_takes_all(tallies: list[Tally]) -> None:
    weights = Learner(DEFAULT, tallies).weights
    for name in MUTATORS:
        factor = weights.mutators[name] / DEFAULT.mutators[name]
        assert FLOOR <= factor <= CEILING


def test_it_learns_while_it_runs_and_says_so() -> None:
    learner = taught(300, 0, 1000)
    weights = {tally.name: tally.weight for tally in learner.tallies}
    assert weights["insert"] > 1.5
    assert FLOOR <= weights["move"] < 0.5
    assert learner.weights.mutators["insert"] > DEFAULT.mutators["insert"]


@pytest.mark.parametrize(
    ("dear", "cheap", "better"),
    [(100, 100, GRAPH), (200, 100, GRAPH), (400, 100, LIFE_CYCLE)],
    ids=["as much", "twice as much", "four times as much"],
)
def test_a_source_is_weighed_by_what_it_costs(dear: int, cheap: int, better: str) -> None:
    """Two sources; the programs of one cost three times as much as the other's."""
    learner = Learner(DEFAULT)
    for number in range(2000):
        for source, cost, brings in ((GRAPH, 1.0, cheap), (LIFE_CYCLE, 3.0, dear)):
            learner.count_trial(Change(source), cost)
            if number < brings:
                learner.credit_features(Change(source))
    factors = {
        name: learner.weights.sources[name] / DEFAULT.sources[name] for name in (GRAPH, LIFE_CYCLE)
    }
    assert max(factors, key=factors.__getitem__) == better


def test_a_new_learner_weighs_no_source_before_it_knows_a_cost() -> None:
    """A worker that was started anew took a dear source for a good one, for 500 trials."""
    before = [Tally("source", GRAPH, 1000, 100), Tally("source", LIFE_CYCLE, 1000, 200)]
    learner = Learner(DEFAULT, before)
    assert learner.weights.sources == DEFAULT.sources
    for _ in range(500):
        learner.count_trial(Change(LIFE_CYCLE), 3.0)
    assert learner.weights.sources[GRAPH] != DEFAULT.sources[GRAPH]


def test_tallies_are_of_this_learner_alone() -> None:
    """The supervisor adds them to those that it gave."""
    before = [Tally("mutator", "insert", 1000, 10, 1)]
    learner = Learner(DEFAULT, before)
    learner.count_trial(GOOD)
    (tally,) = [one for one in learner.tallies if one.name == "insert"]
    assert (tally.tried, tally.features, tally.signatures) == (1, 0, 0)
    both = before[0].plus(tally)
    assert (both.tried, both.features, both.signatures) == (1001, 10, 1)


@pytest.mark.parametrize(
    ("parent", "child", "operations", "words"),
    [
        ("node a list", "node a list\nroot a sys", ("root",), ("sys",)),
        ("node a list", "node a dict", ("node",), ("dict",)),
        ("node a list\nroot a sys", "root a sys\nnode a list", (), ()),
        ("node a list\nroot a sys", "node a list", (), ()),
        ("root a sys", "root a sys\nroot a sys", ("root",), ("sys",)),
    ],
)
def test_what_a_program_gained(
    parent: str, child: str, operations: tuple[str, ...], words: tuple[str, ...]
) -> None:
    before, after = (parse(f"finfuzz 1\n{text}\n") for text in (parent, child))
    assert list_gains(before, after) == (operations, words)
