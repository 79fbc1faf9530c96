"""How often a program is tried that does not die every time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from finfuzz.program.model import Program
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.minimize import repeatedly, surely


@pytest.mark.parametrize(
    ("rate", "shows_at", "seen", "asked"),
    [
        # at once, or as soon as it shows
        (Rate(5, 10), 1, True, 1),
        (Rate(5, 10), 4, True, 4),
        # a half: 0.5 ** 5 = 3 %
        (Rate(5, 10), 5, True, 5),
        (Rate(5, 10), 6, False, 5),
        # one of ten: 0.9 ** 29 = 4.7 %
        (Rate(4, 40), 29, True, 29),
        (Rate(4, 40), 30, False, 29),
        # nine of ten: 0.1 ** 2 = 1 %
        (Rate(9, 10), 3, False, 2),
        # rarer than what is worth the time: no more often than a rate is measured
        (Rate(1, 40), 40, True, 40),
        (Rate(1, 40), 41, False, 40),
    ],
)
def test_tries(rate: Rate, shows_at: int, seen: bool, asked: int) -> None:
    answers: Iterator[int] = iter(range(1, 100))
    assert repeatedly(lambda _: next(answers) == shows_at, rate)(Program()) is seen
    assert next(answers) == asked + 1


@pytest.mark.parametrize(
    ("fails_at", "holds", "asked"), [(1, False, 1), (2, False, 2), (3, False, 3), (4, True, 3)]
)
def test_what_has_always_died_dies_each_time_or_is_turned_down(
    fails_at: int, holds: bool, asked: int
) -> None:
    """A lucky candidate was reduced further, and in the end the whole of it was given up."""
    answers: Iterator[int] = iter(range(1, 100))
    assert surely(lambda _: next(answers) != fails_at)(Program()) is holds
    assert next(answers) == asked + 1
