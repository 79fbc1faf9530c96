"""Times in words."""

from __future__ import annotations

import pytest

from finfuzz.support.durations import (
    describe_roughly,
    estimate_rest,
    format_age,
    format_duration,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (4.25, "4.2 s"),
        (59.7, "1 min"),
        (125, "2 min 5 s"),
        (12_000, "3 h 20 min"),
        (187_200, "2 d 4 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-0.1, "0 s"), (4.9, "4 s"), (59.9, "59 s"), (60.0, "1 min"), (900.7, "15 min")],
)
def test_what_goes_on_has_no_fractions(seconds: float, text: str) -> None:
    assert format_age(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "some 5 s"),
        (41.0, "some 40 s"),
        (119.0, "some 120 s"),
        (130.0, "some 2 min"),
        (7190.0, "some 120 min"),
        (18_000.0, "some 5 h"),
        (200_000.0, "some 2 days"),
    ],
)
def test_estimates_are_rough(seconds: float, text: str) -> None:
    assert describe_roughly(seconds) == text


@pytest.mark.parametrize(
    ("done", "left", "seconds", "rest"),
    [
        (0, 5, 0.0, None),
        (1, 5, 10.0, None),  # one says too little
        (2, 5, 10.0, 25.0),
        (7, 0, 10.0, None),
        (3, -3, 10.0, None),  # nobody knows how many there are
    ],
)
def test_an_estimate_needs_two_measurements(
    done: int, left: int, seconds: float, rest: float | None
) -> None:
    assert estimate_rest(done, left, seconds) == rest
