"""Seen beside expected."""

from __future__ import annotations

import msgspec
import pytest

from finfuzz.replay.judge import WORSE, Judgement, Result, judge

NOTHING: frozenset[str] = frozenset()
GUARD, CAST = frozenset({"SIGABRT/internals-recreated"}), frozenset({"SIGABRT/cast-error"})


@pytest.mark.parametrize(
    ("expected", "seen", "judgement"),
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
def test_judge(expected: frozenset[str] | None, seen: frozenset[str], judgement: Judgement) -> None:
    assert judge(expected, seen) == judgement
    assert (judgement in WORSE) is (judgement in ("regressed", "changed"))


@pytest.mark.parametrize(
    ("judgement", "seen", "summary"),
    [
        ("as expected", (), "survived"),
        ("changed", ("HANG/hang", "NONE/wrong-answer"), "HANG/hang, NONE/wrong-answer"),
        ("not runnable", (), "no compiler"),
    ],
)
def test_summary(judgement: Judgement, seen: tuple[str, ...], summary: str) -> None:
    one = Result(
        case="a",
        target="plain-c",
        python="3.13.0",
        judgement=judgement,
        seen=seen,
        why="no compiler",
    )
    assert one.summary == summary
    assert msgspec.to_builtins(one)["what"] == judgement
