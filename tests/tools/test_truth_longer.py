"""Longer trials: their beginnings, and what the page says of them."""

import math

from truth.longer import render_longer, shorten
from truth.table import BadBuild, load
from truth.trial import Moment, Result, Trial

BAD = BadBuild("plain-c", "3.12")
DEFECTS = tuple(one for one in load() if one.bad == BAD)
FIRST, SECOND, THIRD = (one.name for one in DEFECTS)


def make_result(seed: int, **shown: float) -> Result:
    trial = Trial(*BAD, "coverage", None, seed, 600.0, 10**6, (FIRST, SECOND, THIRD))
    names = dict(zip(("first", "second", "third"), (FIRST, SECOND, THIRD), strict=True))
    moments = {names[key]: Moment(round(second * 50), second) for key, second in shown.items()}
    seconds = max(shown.values()) if len(shown) == 3 else 600.0
    return Result(trial, moments, moments, round(seconds * 50), seconds)


RESULTS = [
    make_result(1, first=2.0, second=40.0, third=500.0),
    make_result(2, first=3.0, second=4.0),
    make_result(3, first=1.0, second=5.0, third=6.0),
]


def test_the_beginning_of_a_trial_is_what_it_had_shown_by_then() -> None:
    first, second, third = shorten(RESULTS, 10.0)
    assert (set(first.shown), first.seconds, first.executions) == ({FIRST}, 10.0, 500)
    assert set(second.shown) == {FIRST, SECOND}
    assert (third.seconds, third.executions) == (6.0, 300)
    assert {one.trial.seconds for one in (first, second, third)} == {10.0}
    assert first.trial.seed == 1


def test_a_table_has_what_did_not_come_in_the_usual_time() -> None:
    text = "\n".join(render_longer(DEFECTS, RESULTS, 10.0))
    assert "8 of 9 (defect, trial) shown" in text
    assert "of 3 defects 2 in every trial and 2 in at least four of five" in text
    assert f"| {DEFECTS[0].title} |" not in text
    assert f"| {DEFECTS[1].title} | plain-c on 3.12 | 3 of 3 | 5 s | 40 s |" in text
    assert f"| {DEFECTS[2].title} | plain-c on 3.12 | 2 of 3 | 500 s | — |" in text


def test_without_longer_trials_the_page_says_nothing_of_them() -> None:
    assert render_longer(DEFECTS, [], 10.0) == []
    assert shorten([], math.inf) == []
