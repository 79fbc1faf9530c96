from __future__ import annotations

import math

import pytest

from truth.statistics import Arm, collect_times, compare, estimate_survival
from truth.table import BadBuild, load
from truth.trial import Engine, Moment, Result, Trial

NEVER = math.inf
BAD = BadBuild("plain-c", "3.12")
DEFECT = next(one for one in load() if one.bad == BAD)


def make_result(seed: int, shown: Moment | None, engine: Engine = "coverage") -> Result:
    trial = Trial(*BAD, engine, None, seed, 30.0, 1000)
    moments = {DEFECT.name: shown} if shown else {}
    return Result(trial, moments, moments, 1000, 30.0)


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
def test_one_arm_is_better_than_another(
    one: list[float], other: list[float], a12: float, better: bool, worse: bool
) -> None:
    found = compare(one, other)
    assert (found.a12, found.better, found.worse) == (a12, better, worse)


def test_a_defect_that_was_never_shown_is_censored() -> None:
    corners = estimate_survival([5.0, 10.0, NEVER, NEVER], 20.0)
    assert corners[0] == (0.0, 1.0)
    assert (5.0, 0.75) in corners
    assert (10.0, 0.5) in corners
    assert corners[-1] == (20.0, 0.5)


def test_all_defects_may_be_shown() -> None:
    assert estimate_survival([5.0, 10.0], 20.0)[-1] == (20.0, 0.0)


def test_times_are_those_of_one_arm_in_the_order_of_their_seeds() -> None:
    results = [
        make_result(3, None),
        make_result(1, Moment(100, 1.0)),
        make_result(2, Moment(300, 2.0)),
        make_result(1, Moment(7, 0.1), "random"),
    ]
    found = collect_times(results, DEFECT, Arm("coverage", False))
    assert found.executions == [100, 300, NEVER]
    assert (found.shown, found.reached, found.median_executions) == (2, 2, 300)
