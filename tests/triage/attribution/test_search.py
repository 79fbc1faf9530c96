"""Where a defect begins and ends: the search, over made-up verdicts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.support.errors import UserError
from finfuzz.triage.attribution.search import Trials, TurningPoint, find_middle
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.verdict import Verdict, absent

VERDICTS = {
    "B": Verdict("same", Rate(3, 3)),
    "G": Verdict("survived", Rate(3, 3)),
    "O": Verdict("otherwise", Rate(3, 3), "SIGABRT/internals-recreated-silently"),
    "K": Verdict("known", Rate(3, 3), "a defect of CPython's"),
    "-": absent("does not compile"),
}


def trials(states: str) -> Trials:
    """Names are numbers: places in ``states``."""
    return Trials(lambda name: VERDICTS[states[int(name)]], lambda _: None, lambda _, __: None)


def names(states: str) -> list[str]:
    return [str(index) for index in range(len(states))]


@pytest.mark.parametrize(
    ("low", "high", "without", "expected"),
    [
        (0, 1, (), None),
        (0, 2, (), 1),
        (0, 8, (), 4),
        (0, 8, (4,), 3),
        (0, 8, (3, 4), 5),
        (0, 2, (1,), None),
    ],
)
def test_the_middle(low: int, high: int, without: Sequence[int], expected: int | None) -> None:
    assert find_middle(low, high, without) == expected


@pytest.mark.parametrize(
    ("states", "what", "name", "skipped"),
    [
        ("GB", "first bad", "1", ()),
        ("BG", "first good", "1", ()),
        ("GGGBB", "first bad", "3", ()),
        ("BBBBG", "first good", "4", ()),
        ("GOOBB", "first bad", "3", ("1", "2")),  # it may hide behind another crash, too
        ("G--BB", "first bad", "3", ("1", "2")),
        ("GKKKB", "first bad", "4", ("1", "2", "3")),  # it may hide behind a known one
        ("G-GB-B", "first bad", "3", ()),  # what is skipped there does not matter
        ("GG--BB", "first bad", "4", ("2", "3")),
    ],
)
def test_one_change(states: str, what: str, name: str, skipped: tuple[str, ...]) -> None:
    found = trials(states).find_one_change(names(states), good_first=states[0] == "G")
    after = str(int(name) - len(skipped) - 1)
    assert found == TurningPoint(what, name, "", after, skipped)


@given(st.integers(2, 300), st.data())
def test_it_is_found_in_so_many_trials(size: int, data: st.DataObject) -> None:
    """Whatever is skipped: what is said is between the last that was good and the first that is
    bad, and no trial is wasted."""
    first = data.draw(st.integers(1, size - 1))
    skipped = data.draw(st.sets(st.integers(1, size - 2), max_size=10) if size > 2 else st.just(()))
    states = "".join("-" if index in skipped else "GB"[index >= first] for index in range(size))
    good = max(index for index in range(first) if states[index] == "G")
    bad = min(index for index in range(first, size) if states[index] == "B")
    searching = trials(states)
    found = searching.find_one_change(names(states), good_first=True)
    assert (int(found.after), int(found.name)) == (good, bad)
    assert found.skipped == tuple(str(index) for index in range(good + 1, bad))
    untold = sum(states[int(name)] == "-" for name in searching.done)
    assert len(searching.done) - untold <= 2 + math.ceil(math.log2(size)) + untold


@pytest.mark.parametrize(
    ("states", "good_first", "problem"),
    [
        ("BB", True, r"0 is not good: same defect, 3 of 3: give another with --good"),
        ("GG", True, r"1 is not bad: survived, 3 of 3: give another with --bad"),
        ("GB", False, r"0 is not bad: survived, 3 of 3: give another with --bad"),
        (
            "OB",
            True,
            r"0 is not good: crashed differently, 3 of 3: SIGABRT/internals-recreated-silently: "
            r"give another with --good",
        ),
        ("-B", True, r"0 is not good: not run: does not compile: give another with --good"),
    ],
)
def test_ends_that_are_not_what_they_should_be(states: str, good_first: bool, problem: str) -> None:
    with pytest.raises(UserError, match=f"^{problem}$"):
        trials(states).find_one_change(names(states), good_first=good_first)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ("GGBBGB", [("first bad", "2"), ("first good", "4"), ("first bad", "5")]),
        ("BBBB", []),
        ("G-B", [("first bad", "2")]),
        ("GOB", [("first bad", "2")]),
        ("OBB", []),
        ("---", []),
    ],
)
def test_every_change(states: str, expected: list[tuple[str, str]]) -> None:
    searching = trials(states)
    found = searching.find_every_change(names(states))
    assert [(change.what, change.name) for change in found] == expected
    assert len(searching.done) == len(states)
