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
        # `regressed` is for what is known to have survived there: the next test
        (NOTHING, NOTHING, "as expected"),
        (GUARD, GUARD, "as expected"),
        (GUARD, NOTHING, "fixed"),
        (NOTHING, GUARD, "failed"),
        (GUARD, CAST, "changed"),
        (GUARD, GUARD | CAST, "changed"),
        (None, NOTHING, "new here"),
        (None, GUARD, "new here"),
    ],
)
def test_judge(expected: frozenset[str] | None, seen: frozenset[str], judgement: Judgement) -> None:
    assert judge(expected, seen) == judgement
    assert (judgement in WORSE) is (judgement in ("failed", "changed"))


def test_only_what_is_recorded_can_regress() -> None:
    """A program that never ran there "regressed" (issue 21)."""
    assert judge(NOTHING, GUARD, recorded=True) == "regressed"
    assert judge(GUARD, CAST, recorded=True) == "changed"
    assert "regressed" in WORSE


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
