"""Bisection over real builds: a framework's releases and commits, and CPython's commits."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.text import parse
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.cache import find_cache
from finfuzz.targets.interpreters import Interpreter, find_interpreters
from finfuzz.targets.releases import find_root
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.attribution import bisect as module
from finfuzz.triage.attribution.bisect import (
    Subject,
    bisect_commits,
    bisect_cpython,
    bisect_releases,
)
from finfuzz.triage.attribution.search import TurningPoint
from finfuzz.triage.attribution.verdict import Wanted
from finfuzz.triage.diagnosis import diagnose
from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.verdict import Verdict, absent
from helpers.cpython_history import CpythonHistory
from helpers.finding_example import finding
from helpers.freed_enum import freed_enum
from helpers.places import CORPUS

ALWAYS = Rate(10, 10)
VERDICTS = {
    "B": Verdict("same", Rate(3, 3)),
    "G": Verdict("survived", Rate(3, 3)),
    "-": absent("does not compile"),
}


def python_of(*version: int) -> Interpreter:
    found = [one for one in find_interpreters() if one.includes and not one.abiflags]
    python = next((one for one in found if one.version[: len(version)] == version), None)
    return python or pytest.skip(f"needs CPython {version}")


def subject(
    spec: str = "pybind11==3.0.2+destroy", rate: Rate = ALWAYS, of: Finding | None = None
) -> Subject:
    """The example finding: pybind11's guard, which came with 3.0.2. Or another."""
    wanted = Wanted.from_finding(of or finding(frames=(), reproduced=rate))
    nothing = Limits(), lambda _: None, lambda _, __: None
    return Subject(wanted, parse_target(spec), *nothing)


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

    def get() -> Build:
        raise NotImplementedError

    monkeypatch.setattr(module, "build_and_judge", judged)
    verdict = subject(rate=rate).judge(get)
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
        ("module:mine", "3.0.1", "module:mine can't be bisected: only findings of one release"),
        ("stdlib:datetime", "3.0.1", "stdlib:datetime can't be bisected: only findings of one"),
        ("pybind11==3.0.1,3.0.2", "3.0.1", r"pybind11==3\.0\.1,3\.0\.2\S* can't be bisected"),
        ("pybind11==3.0.2", "3.0.99", r"3\.0\.99 is no release of pybind11: choose 3\.0\.0, 3\.0"),
        ("pybind11==3.0.2", "three", "'three' is not a version"),
    ],
)
def test_what_can_not_be_bisected(spec: str, good: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        bisect_releases(subject(spec), python_of(3, 13), good, "3.0.2")


def test_releases_of_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those with a wheel for the CPython, by halves; each is judged with the finding's recipe."""
    python = python_of(3, 13)
    built: list[str] = []

    def judge(_: object, get: Callable[[], Build], __: object) -> Verdict:
        get()
        return VERDICTS["G" if built[-1].startswith("wheel:thing==1.") else "B"]

    def make(spec: TargetSpec, *_: object, **__: object) -> Build:
        built.append(str(spec))
        return Build("id", spec, python, False, Path(), Path(), Path(), 0)

    monkeypatch.setattr(module, "list_own_releases", lambda *_: ["2.1", "2.0", "1.9", "1.0"])
    monkeypatch.setattr(module, "build_and_judge", judge)
    monkeypatch.setattr(module, "build", make)
    found = bisect_releases(subject("wheel:thing==2.1+recipe=/a.toml"), python, "1.0", "2.1")
    assert found.changes == (TurningPoint("first bad", "2.0", "", "1.9"),)
    assert set(built) == {
        f"wheel:thing=={one}+recipe=/a.toml" for one in ("1.0", "1.9", "2.0", "2.1")
    }
    with pytest.raises(
        UserError, match=r"1\.1 is no release of thing: choose 1\.0, 1\.9, 2\.0, 2\.1"
    ):
        bisect_releases(subject("wheel:thing==2.1"), python, "1.1", "2.1")
    with pytest.raises(UserError, match="has no checkout to try commits of: bisect without --repo"):
        bisect_commits(subject("wheel:thing==2.1"), python, Path(), "a", "b")


def git(repository: Path, *arguments: str) -> None:
    name = ("-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", repository, *name, *arguments], check=True, capture_output=True)


@pytest.mark.slow
def test_a_release_with_another_crash_is_not_good() -> None:
    """The guard came with 3.0.2; the crash of 3.0.1 may hide what the guard shows (issue 18)."""
    with pytest.raises(
        UserError, match=r"3\.0\.1 is not good: crashed differently, 3 of 3: SIGABRT"
    ):
        bisect_releases(subject(), python_of(3, 13), "3.0.1", "3.0.2")


@pytest.mark.slow
def test_a_release_that_mends_it() -> None:
    mended = subject("pybind11==3.0.2", of=freed_enum())
    found = bisect_releases(mended, python_of(3, 13), "3.0.3", "3.0.2")
    assert found.changes == (TurningPoint("first good", "3.0.3", "", "3.0.2"),)
    assert [trial.verdict.what for trial in found.trials] == ["same", "survived"]


@pytest.mark.slow
def test_commits_that_are_releases_and_one_that_does_not_compile(tmp_path: Path) -> None:
    """The same headers are the same builds, wherever they come from."""
    git(tmp_path, "init", "-q")
    for version in ("3.0.2", "broken", "3.0.3"):
        folder = tmp_path / "include"
        if version == "broken":
            (folder / "pybind11" / "pybind11.h").write_text("#error not this one\n")
        else:
            source = find_root(parse_target(f"pybind11=={version}"))
            subprocess.run(["cp", "-rT", source, folder], check=True)
        git(tmp_path, "add", "include")
        git(tmp_path, "commit", "-qm", f"as in {version}")
    mended = subject("pybind11==3.0.2", of=freed_enum())
    found = bisect_commits(mended, python_of(3, 13), tmp_path, good="HEAD", bad="HEAD~2")
    (change,) = found.changes
    assert (change.what, change.subject) == ("first good", "as in 3.0.3")
    assert len(change.skipped) == 1
    whats = {trial.name: trial.verdict.what for trial in found.trials}
    assert whats[change.skipped[0]] == "absent"
    assert whats[change.after] == "same"


def subject_left() -> Subject:
    """A subinterpreter that is left at the end: CPython 3.12 aborts, 3.13 ends it (gh-113433)."""
    spec, limits = parse_target("no-extension"), Limits(10)
    program = parse((CORPUS / "subinterpreter-left.fin").read_text())
    made = build(spec, python_of(3, 12), instrumented=False)
    (seen,) = diagnose(run_fresh(made, program, limits), limits.memory_mib)
    wanted = Wanted(seen, program, ALWAYS, (3, 12))
    return Subject(wanted, spec, limits, lambda _: None, lambda _, __: None)


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CpythonHistory:
    """Its CPythons are kept apart from a user's; builds of the target are not made anew."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "builds").symlink_to(find_cache() / "builds")
    monkeypatch.setenv("FINFUZZ_CACHE", str(cache))
    return CpythonHistory(tmp_path / "cpython")


@pytest.mark.parametrize("newest", ["bad", "good"])
def test_the_commit_to_cpython(history: CpythonHistory, newest: str) -> None:
    """A build that fails is skipped, and the change is found next to it."""
    old, new = python_of(3, 12).executable, python_of(3, 13).executable
    if newest == "bad":
        old, new = new, old
    oldest = history.commit("one", old)
    history.commit("two", old)
    history.commit("three", old, make="false")
    wanted = history.commit("gh-1: four", new)
    history.commit("five", new)
    good, bad = (oldest, "HEAD") if newest == "bad" else ("HEAD", oldest)
    found = bisect_cpython(subject_left(), history.folder, "", good, bad)
    (change,) = found.changes
    assert (change.what, change.name) == (f"first {newest}", wanted)
    assert (change.subject, len(change.skipped)) == ("gh-1: four", 1)
    before, after = ("survived", "same") if newest == "bad" else ("same", "survived")
    tried = [(one.name, one.verdict.what) for one in found.trials]
    assert (tried[0], tried[-1]) == ((oldest, before), (history.git("rev-parse", "HEAD"), after))
    assert (wanted, after) in tried
    assert (change.skipped[0], "absent") in tried


def test_a_merge_is_looked_into(history: CpythonHistory) -> None:
    """Release managers merge the branch's commits into their own."""
    old, new = python_of(3, 12).executable, python_of(3, 13).executable
    first = history.commit("one", old)
    history.git("checkout", "-q", "-b", "upstream")
    history.commit("two", old)
    fix = history.commit("gh-1: the fix", new)
    history.commit("four", new)
    history.git("checkout", "-q", "main")
    history.git("commit", "-q", "--allow-empty", "-m", "Python 3.12.2")
    history.git("merge", "-q", "--no-ff", "-m", "Merge branch 'upstream'", "upstream")
    found = bisect_cpython(subject_left(), history.folder, "", good="HEAD", bad=first)
    assert [(one.what, one.name) for one in found.changes] == [("first good", fix)]
