"""k of n, and what it says."""

from __future__ import annotations

from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.triage.findings.rate import FEW, MOST, WIDTH, Rate, measure, runs_to_see


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        # Wilson's interval at 95 %: the values that R's binom package gives
        (0, 10, 0.0, 0.2775),
        (1, 10, 0.0179, 0.4042),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (20, 40, 0.3520, 0.6480),
        (0, 0, 0.0, 1.0),
    ],
)
def test_interval(k: int, n: int, low: float, high: float) -> None:
    assert Rate(k, n).interval == pytest.approx((low, high), abs=1e-4)


@given(n=st.integers(1, 500), data=st.data())
def test_the_interval_holds_the_share_and_is_that_of_the_complement(
    n: int, data: st.DataObject
) -> None:
    k = data.draw(st.integers(0, n))
    low, high = Rate(k, n).interval
    assert 0 <= low <= k / n + 1e-12
    assert k / n - 1e-12 <= high <= 1
    assert Rate(n - k, n).interval == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize(
    ("rate", "flaky", "told"),
    [
        (Rate(10, 10), False, "10 of 10 (72 to 100 %)"),
        (Rate(0, 10), False, "0 of 10 (0 to 28 %)"),
        (Rate(3, 10), True, "3 of 10 (11 to 60 %)"),
    ],
)
def test_told(rate: Rate, flaky: bool, told: str) -> None:
    assert (rate.flaky, rate.with_interval) == (flaky, told)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ([True], Rate(FEW, FEW)),  # always: ten are enough
        ([False], Rate(0, FEW)),
        (
            [True, False],
            Rate(20, 39),
        ),  # a half is the hardest to tell  # nearly always: as soon as the interval is narrow
    ],
)
def test_it_is_run_until_its_rate_is_known(pattern: list[bool], found: Rate) -> None:
    happens = cycle(pattern)
    assert measure(lambda: next(happens)) == found


@given(st.lists(st.booleans(), min_size=1, max_size=20))
def test_what_is_measured_is_known_or_was_run_most_often(pattern: list[bool]) -> None:
    happens = cycle(pattern)
    rate = measure(lambda: next(happens))
    low, high = rate.interval
    assert FEW <= rate.n <= MOST
    assert rate.n == MOST or not rate.flaky or high - low <= WIDTH


def test_it_is_not_run_more_often_than_asked() -> None:
    assert measure(lambda: True, most=2) == Rate(2, 2)


def test_each_run_is_reported() -> None:
    told: list[tuple[int, int]] = []
    measure(lambda: True, 3, lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    mixed = iter([True, False, *[True] * 10])
    measure(lambda: next(mixed), 12, lambda done, of: told.append((done, of)))
    assert told[3:6] == [(1, 10), (2, 12), (3, 12)]


@pytest.mark.parametrize(
    ("rate", "runs"),
    [
        (Rate(10, 10), 3),  # at 72 %, three are missed once in fifty
        (Rate(9, 10), 2),
        (Rate(5, 10), 5),
        (Rate(1, 10), 29),
        (Rate(1, 40), MOST),  # 119 would be needed
        (Rate(0, 10), MOST),
        (Rate(0, 0), 1),
    ],
)
def test_runs_to_see(rate: Rate, runs: int) -> None:
    assert runs_to_see(rate) == runs


@pytest.mark.parametrize(
    ("one", "other", "disagree"),
    [
        (Rate(10, 10), Rate(10, 10), False),
        (Rate(10, 10), Rate(8, 10), False),
        (Rate(10, 10), Rate(0, 10), True),
        (Rate(35, 40), Rate(3, 10), True),
        (Rate(0, 0), Rate(0, 10), False),
    ],
)
def test_disagreement(one: Rate, other: Rate, disagree: bool) -> None:
    assert one.disagrees(other) is other.disagrees(one) is disagree


@pytest.mark.parametrize(
    ("now", "before", "rarer"),
    [
        (Rate(10, 10), Rate(10, 10), False),
        (Rate(39, 40), Rate(10, 10), True),  # a steady one is worth its steps
        (Rate(19, 40), Rate(21, 40), False),  # by chance: half of all minimized programs were lost
        (Rate(5, 40), Rate(21, 40), True),
        (Rate(30, 40), Rate(21, 40), False),
        (Rate(0, 40), Rate(2, 40), True),
    ],
)
def test_a_rate_that_is_lower_by_more_than_chance(now: Rate, before: Rate, rarer: bool) -> None:
    assert now.is_rarer_than(before) is rarer
