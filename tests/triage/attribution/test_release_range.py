"""Since which release, and fixed where: claims and a sentence from the verdicts on releases."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.targets.spec import parse_target
from finfuzz.triage.attribution.release_range import ReleaseRange, find_release_range
from finfuzz.triage.findings.attribution import ControlResult
from finfuzz.triage.findings.finding import list_folders, load
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.verdict import Verdict, What
from helpers.places import CRASHES

WHATS: dict[str, What] = {
    "D": "same",
    "S": "survived",
    "O": "otherwise",
    "K": "known",
    "-": "absent",
    "?": "not comparable",
}


def cells(tried: str) -> list[ControlResult]:
    """`3.0.1 D` is a release with the defect."""
    words = tried.split()
    return [
        ControlResult("release", f"pybind11=={one}", "3.13.0", Verdict(WHATS[letter], Rate(3, 3)))
        for one, letter in zip(words[::2], words[1::2], strict=True)
    ]


@pytest.mark.parametrize(
    ("own", "tried", "first_bad", "first_good", "sentence"),
    [
        # where no release survived before, none is the first: older ones may be affected
        ("3.1.0", "", "", "", ""),
        ("3.1.0", "3.0.1 D 3.0.0 D", "", "", "on every release tried, 3.0.0 to 3.1.0"),
        (
            "3.1.0",
            "3.0.2 D 3.0.1 S",
            "3.0.2",
            "",
            "since 3.0.2 (3.0.1 survives), not fixed in 3.1.0",
        ),
        # another crash may hide the defect: no first one is claimed
        (
            "3.1.0",
            "3.0.2 D 3.0.1 O 3.0.0 O",
            "",
            "",
            "all releases tried fail; 3.0.0 and 3.0.1 differently",
        ),
        ("3.1.0", "3.0.4 O", "", "", "all releases tried fail; 3.0.4 differently"),
        (
            "3.1.0",
            "3.0.2 D 3.0.1 O 3.0.0 S",
            "",
            "",
            "since 3.0.2 or a release after 3.0.0, which survives (3.0.1: fails differently), "
            "not fixed in 3.1.0",
        ),
        (
            "3.0.2",
            "3.0.1 K 3.0.0 - 3.1.0 S",
            "",
            "3.1.0",
            "since 3.0.2 or before (3.0.0: could not be run; 3.0.1: has another known defect), "
            "fixed in 3.1.0",
        ),
        (
            "3.0.2",
            "3.0.0 D 3.0.3 S",
            "",
            "3.0.3",
            "since 3.0.0 or before, fixed in 3.0.3",
        ),
        (
            "3.0.2",
            "3.0.3 O 3.0.4 S",
            "",
            "",
            "since 3.0.2 or before, fixed in 3.0.4 or before (3.0.3: fails differently)",
        ),
        # the others can't say a word of the program: nothing is known of them
        ("3.0.2", "3.0.3 - 3.0.1 ?", "", "", ""),
        # in and out again: from the first that has it to the last
        (
            "3.0.0",
            "3.0.1 S 3.0.2 D",
            "",
            "",
            "since 3.0.0 or before, not in 3.0.1, not fixed in 3.0.2",
        ),
        ("3.0.9", "3.0.10 S", "", "3.0.10", "since 3.0.9 or before, fixed in 3.0.10"),
    ],
)
def test_releases(own: str, tried: str, first_bad: str, first_good: str, sentence: str) -> None:
    found = find_release_range(parse_target(f"pybind11=={own}"), cells(tried))
    assert found == ReleaseRange(first_bad, first_good, sentence)


@pytest.mark.parametrize("target", ["pybind11==3.0.1,3.0.2", "plain-c"])
def test_a_target_of_two_releases_or_none_has_no_range(target: str) -> None:
    assert find_release_range(parse_target(target), []) == ReleaseRange()


@pytest.mark.parametrize("folder", list_folders(CRASHES), ids=lambda one: one.name)
def test_shipped_findings_claim_no_more(folder: Path) -> None:
    made = load(folder)
    assert made.attribution is not None
    spec = made.target.find_spec(folder)
    found = find_release_range(spec, made.attribution.cells)
    assert (made.attribution.first_bad, made.attribution.first_good) == found[:2]
