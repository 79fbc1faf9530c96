"""Seen beside expected."""

from __future__ import annotations

import pytest

from finfuzz.replay.judge import WORSE, Result, What, judged

NOTHING: frozenset[str] = frozenset()
GUARD, CAST = frozenset({"SIGABRT/internals-recreated"}), frozenset({"SIGABRT/cast-error"})


@pytest.mark.parametrize(
    ("expected", "seen", "what"),
    [
        (NOTHING, NOTHING, "as expected"),
        (GUARD, GUARD, "as expected"),
        (GUARD, NOTHING, "fixed"),
        (NOTHING, GUARD, "regressed"),
        (GUARD, CAST, "changed"),
        (GUARD, GUARD | CAST, "changed"),
        (None, NOTHING, "new here"),
        (None, GUARD, "new here"),
    ],
)
def test_judged(expected: frozenset[str] | None, seen: frozenset[str], what: What) -> None:
    assert judged(expected, seen) == what
    assert (what in WORSE) is (what in ("regressed", "changed"))


@pytest.mark.parametrize(
    ("what", "seen", "told"),
    [
        ("as expected", (), "survived"),
        ("changed", ("HANG/hang", "NONE/wrong-answer"), "HANG/hang, NONE/wrong-answer"),
        ("not runnable", (), "no compiler"),
    ],
)
def test_told(what: What, seen: tuple[str, ...], told: str) -> None:
    one = Result(
        case="a", target="plain-c", python="3.13.0", what=what, seen=seen, why="no compiler"
    )
    assert one.told == told
