from __future__ import annotations

import math

import pytest

from truth.statistics import Arm, compare, survival, times
from truth.table import Bad, load
from truth.trial import Engine, Result, Trial, When

NEVER = math.inf
BAD = Bad("plain-c", "3.12")
DEFECT = next(one for one in load() if one.bad == BAD)


def result(seed: int, shown: When | None, engine: Engine = "coverage") -> Result:
    trial = Trial(*BAD, engine, None, seed, 30.0, 1000)
    when = {DEFECT.name: shown} if shown else {}
    return Result(trial, when, when, 1000, 30.0)


@pytest.mark.parametrize(
    ("one", "other", "a12", "better", "worse"),
    [
        ([1, 2, 3, 4, 5], [6, 7, 8, 9, NEVER], 1.0, True, False),
        ([6, 7, 8, 9, NEVER], [1, 2, 3, 4, 5], 0.0, False, True),
        ([1, 2, 3], [4, 5, 6], 1.0, False, False),  # too few to tell
        ([NEVER] * 9, [NEVER] * 9, 0.5, False, False),
        ([1, NEVER], [1, NEVER], 0.5, False, False),
    ],
)
def test_one_way_is_better_than_another(
    one: list[float], other: list[float], a12: float, better: bool, worse: bool
) -> None:
    found = compare(one, other)
    assert (found.a12, found.better, found.worse) == (a12, better, worse)


def test_what_never_came_is_not_over() -> None:
    corners = survival([5.0, 10.0, NEVER, NEVER], 20.0)
    assert corners[0] == (0.0, 1.0)
    assert (5.0, 0.75) in corners
    assert (10.0, 0.5) in corners
    assert corners[-1] == (20.0, 0.5)


def test_all_of_it_may_be_over() -> None:
    assert survival([5.0, 10.0], 20.0)[-1] == (20.0, 0.0)


def test_times_are_those_of_one_arm_in_the_order_of_their_seeds() -> None:
    results = [
        result(3, None),
        result(1, When(100, 1.0)),
        result(2, When(300, 2.0)),
        result(1, When(7, 0.1), "random"),
    ]
    found = times(results, DEFECT, Arm("coverage", False))
    assert found.executions == [100, 300, NEVER]
    assert (found.shown, found.reached, found.median_executions) == (2, 2, 300)
