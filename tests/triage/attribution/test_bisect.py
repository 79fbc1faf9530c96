"""Where a defect begins and ends: the search, over made-up verdicts and over real builds."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError
from finfuzz.targets.interpreters import find_interpreters
from finfuzz.targets.releases import find_headers
from finfuzz.targets.spec import parse_target
from finfuzz.triage.attribution import bisect as module
from finfuzz.triage.attribution.bisect import (
    Subject,
    Trials,
    TurningPoint,
    bisect_commits,
    bisect_releases,
    find_middle,
)
from finfuzz.triage.attribution.verdict import Wanted
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.verdict import Verdict, absent
from helpers.finding_example import finding

ALWAYS = Rate(10, 10)
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
        ("GOOBB", "first bad", "3", ()),  # another death is not this defect
        ("G--BB", "first bad", "3", ("1", "2")),
        ("GKKKB", "first bad", "4", ("1", "2", "3")),  # it may hide behind a known one
        ("G-GB-B", "first bad", "3", ()),  # what is skipped there does not matter
        ("GG--BB", "first bad", "4", ("2", "3")),
    ],
)
def test_one_change(states: str, what: str, name: str, skipped: tuple[str, ...]) -> None:
    found = trials(states).find_one_change(names(states), good_first=states[0] in "GO")
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
        ("---", []),
    ],
)
def test_every_change(states: str, expected: list[tuple[str, str]]) -> None:
    searching = trials(states)
    found = searching.find_every_change(names(states))
    assert [(change.what, change.name) for change in found] == expected
    assert len(searching.done) == len(states)


def subject(spec: str = "pybind11==3.0.2+destroy", rate: Rate = ALWAYS) -> Subject:
    """The example finding: pybind11's guard, which came with 3.0.2."""
    python = next(one for one in find_interpreters() if one.version[:2] == (3, 13) and one.includes)
    wanted = Wanted.from_finding(finding(frames=(), reproduced=rate))
    nothing = Limits(), lambda _: None, lambda _, __: None
    return Subject(wanted, parse_target(spec), python, *nothing)


@pytest.mark.parametrize(
    ("rate", "seen", "runs"),
    [
        (Rate(10, 10), "GB", "G"),  # always so: one look is enough
        (Rate(4, 10), "GB", "GB"),  # flaky: missed once is not yet good
        (Rate(4, 10), "BG", "B"),
        (Rate(4, 10), "GG", "GG"),
        (Rate(4, 10), "-G", "-"),
    ],
)
def test_a_flaky_one_is_missed_twice_before_it_counts_as_good(
    rate: Rate, seen: str, runs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []

    def judged(*_: object) -> Verdict:
        done.append(seen[len(done)])
        return VERDICTS[done[-1]]

    monkeypatch.setattr(module, "build_and_judge", judged)
    verdict = subject(rate=rate).judge(lambda: parse_target("plain-c"))
    assert "".join(done) == runs
    assert verdict == VERDICTS[runs[-1]]


@pytest.mark.parametrize(
    ("spec", "good", "problem"),
    [
        (
            "plain-c",
            "3.0.1",
            "plain-c can't be bisected: only findings of one release or checkout can",
        ),
        ("pybind11==3.0.1,3.0.2", "3.0.1", r"pybind11==3\.0\.1,3\.0\.2\S* can't be bisected"),
        ("pybind11==3.0.2", "3.0.99", r"3\.0\.99 is no release of pybind11: choose 3\.0\.0, 3\.0"),
        ("pybind11==3.0.2", "three", "'three' is not a version"),
    ],
)
def test_what_can_not_be_bisected(spec: str, good: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        bisect_releases(subject(spec), good, "3.0.2")


def git(repository: Path, *arguments: str) -> None:
    name = ("-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", repository, *name, *arguments], check=True, capture_output=True)


@pytest.mark.slow
@pytest.mark.timeout(900)  # two builds
def test_releases_that_a_guard_came_with() -> None:
    """3.0.1 dies of something else."""
    found = bisect_releases(subject(), "3.0.1", "3.0.2")
    assert found.changes == (TurningPoint("first bad", "3.0.2", "", "3.0.1"),)
    assert [trial.verdict.what for trial in found.trials] == ["otherwise", "same"]


@pytest.mark.slow
@pytest.mark.timeout(900)  # two builds
def test_commits_that_are_releases_and_one_that_does_not_compile(tmp_path: Path) -> None:
    """The same headers are the same builds, wherever they come from."""
    git(tmp_path, "init", "-q")
    for version in ("3.0.1", "broken", "3.0.2"):
        folder = tmp_path / "include"
        if version == "broken":
            (folder / "pybind11" / "pybind11.h").write_text("#error not this one\n")
        else:
            source = find_headers(parse_target(f"pybind11=={version}"))
            subprocess.run(["cp", "-rT", source, folder], check=True)
        git(tmp_path, "add", "include")
        git(tmp_path, "commit", "-qm", f"as in {version}")
    found = bisect_commits(subject(), tmp_path, "HEAD~2", "HEAD")
    (change,) = found.changes
    assert (change.what, change.subject) == ("first bad", "as in 3.0.2")
    assert len(change.skipped) == 1
    whats = {trial.name: trial.verdict.what for trial in found.trials}
    assert whats[change.skipped[0]] == "absent"
    assert whats[change.after] == "otherwise"
