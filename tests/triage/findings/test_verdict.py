"""Verdicts in words."""

from __future__ import annotations

import pytest

from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.verdict import Verdict, absent


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict("same", Rate(3, 3)), "same defect, 3 of 3"),
        (Verdict("survived", Rate(9, 9)), "survived, 9 of 9"),
        (
            Verdict("otherwise", Rate(2, 3), "SIGSEGV/none"),
            "crashed differently, 2 of 3: SIGSEGV",
        ),
        (
            Verdict("otherwise", Rate(3, 3), "SIGSEGV/none", differs="in list_dealloc"),
            "crashed differently, 3 of 3: SIGSEGV, in list_dealloc",
        ),
        (Verdict("otherwise", Rate(2, 3), "HANG/hang"), "hung instead, 2 of 3"),
        (
            Verdict("otherwise", Rate(3, 3), "NONE/wrong-answer"),
            "misbehaved differently, 3 of 3: wrong-answer",
        ),
        (
            Verdict("otherwise", Rate(3, 3), "NONE/raises", differs="TypeError"),
            "misbehaved differently, 3 of 3: raises, TypeError",
        ),
        (Verdict("known", Rate(3, 3), "a title"), "known defect, 3 of 3: a title"),
        (absent("no compiler"), "not run: no compiler"),
    ],
)
def test_verdict_in_words(verdict: Verdict, words: str) -> None:
    assert str(verdict) == words
