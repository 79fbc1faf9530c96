"""Since which CPython, and fixed where: a sentence from the verdicts on other CPythons."""

from __future__ import annotations

import pytest

from finfuzz.targets.spec import parse_target
from finfuzz.triage.attribution.python_range import describe_python_range
from finfuzz.triage.findings.attribution import ControlResult
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.verdict import Verdict, What

WHATS: dict[str, What] = {"D": "same", "S": "survived", "O": "otherwise", "-": "absent"}


def cells(tried: str, target: str = "no-extension") -> list[ControlResult]:
    """`3.12.1 D` is a CPython on which the defect is there."""
    words = tried.split()
    return [
        ControlResult("python", target, python, Verdict(WHATS[letter], Rate(3, 3)))
        for python, letter in zip(words[::2], words[1::2], strict=True)
    ]


@pytest.mark.parametrize(
    ("tried", "sentence"),
    [
        ("", ""),
        ("3.12.1 - 3.14.10 O", ""),  # nothing is known of these
        ("3.9.18 D 3.15.2 D", "on every CPython tried, 3.9.18 to 3.15.2"),
        ("3.15.2 S 3.13.18 S", "since CPython 3.13.0 or before, fixed between 3.13.0 and 3.13.18"),
        (
            "3.11.7 S 3.12.1 D 3.13.18 S 3.14.10 S",
            "since CPython 3.12.1 (3.11.7 survives), fixed between 3.13.0 and 3.13.18",
        ),
        ("3.12.1 S 3.14.10 D", "since CPython 3.13.0 (3.12.1 survives), not fixed in 3.14.10"),
        # the defect may be there, behind the other crash
        (
            "3.11.7 S 3.12.1 O 3.14.10 D",
            "since CPython 3.13.0 or one after 3.11.7, which survives (3.12.1 fails differently), "
            "not fixed in 3.14.10",
        ),
        (
            "3.9.18 O 3.11.7 S 3.14.10 O",
            "since CPython 3.13.0 (3.11.7 survives), not fixed in 3.13.0",
        ),
        # fixed in each branch: 3.13.18 is newer than 3.14.0
        (
            "3.13.18 S 3.14.0 D 3.14.10 S",
            "since CPython 3.13.0 or before, "
            "fixed between 3.13.0 and 3.13.18 and between 3.14.0 and 3.14.10",
        ),
        (
            "3.13.18 S 3.14.10 S 3.15.2 D",
            "since CPython 3.13.0 or before, fixed between 3.13.0 and 3.13.18, not fixed in 3.15.2",
        ),
    ],
)
def test_sentence(tried: str, sentence: str) -> None:
    assert describe_python_range(parse_target("no-extension"), "3.13.0", cells(tried)) == sentence


def test_only_the_same_target_and_the_same_kind_of_build_count() -> None:
    """A control without the extension may survive what needs one; debug builds check more."""
    others = cells("3.12.1 S", "no-extension") + cells("3.14.10d D", "plain-c")
    assert describe_python_range(parse_target("plain-c"), "3.13.0", others) == ""
