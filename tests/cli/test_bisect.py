"""`finfuzz bisect`: what it takes, what it prints, and its exit codes."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from finfuzz.cli import bisect as command
from finfuzz.cli import main
from finfuzz.triage.attribution.bisect import Bisection
from finfuzz.triage.attribution.search import Trial, TurningPoint
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.verdict import Verdict, absent
from helpers.finding_example import crashes_with, finding
from helpers.freed_enum import freed_enum

Run = Callable[..., tuple[int, str, str]]

BAD = Verdict("same", Rate(3, 3))
GOOD = Verdict("survived", Rate(3, 3))
FAILS = absent("does not compile: pybind11.h:1: error: no")
COMMIT = "0123456789abcdef" * 2


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in this process, in a folder whose crashes hold the example finding."""
    crashes_with(tmp_path / "crashes", finding())
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["finfuzz", "bisect", "--trust", *arguments])
        code = 0
        try:
            main()
        except SystemExit as error:
            code = int(error.code or 0)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def found(*trials: Trial, changes: tuple[TurningPoint, ...] = ()) -> Bisection:
    return Bisection(trials, changes)


@pytest.mark.parametrize(
    ("result", "code", "out", "err"),
    [
        (
            found(changes=(TurningPoint("first bad", "3.0.2", "", "3.0.1"),)),
            0,
            "first bad: 3.0.2\n",
            "",
        ),
        (
            found(changes=(TurningPoint("first good", COMMIT, "fix: it", "f" * 32),)),
            0,
            f"first good: {COMMIT} (fix: it)\n",
            "",
        ),
        (
            found(
                changes=(
                    TurningPoint("first bad", "3.0.1", "", "3.0.0"),
                    TurningPoint("first good", "3.0.3", "", "3.0.2"),
                )
            ),
            0,
            "first bad: 3.0.1\nfirst good: 3.0.3\n",
            "",
        ),
        (
            found(
                Trial("3.0.0", GOOD),
                Trial("3.0.1", FAILS),
                Trial("3.0.2", BAD),
                changes=(TurningPoint("first bad", "3.0.2", "", "3.0.0", ("3.0.1",)),),
            ),
            2,
            "first bad: 3.0.2\n",
            r"finfuzz: error: the first bad may be earlier: could not be judged: 3\.0\.1 "
            r"\(not run: does not compile: pybind11\.h:1: error: no\)\n",
        ),
        (
            found(Trial("3.0.0", FAILS), Trial("3.0.1", BAD), Trial("3.1.0", BAD)),
            0,
            "no change: bad from 3.0.1 to 3.1.0\n"
            "decides nothing: 3.0.0: not run: does not compile: pybind11.h:1: error: no\n",
            "",
        ),
        (
            found(Trial("3.0.0", GOOD), Trial("3.0.1", FAILS)),
            2,
            "",
            r"finfuzz: error: no release shows the finding's defect: 3\.0\.1: not run: does .*\n",
        ),
    ],
)
def test_what_is_printed(
    run: Run, monkeypatch: pytest.MonkeyPatch, result: Bisection, code: int, out: str, err: str
) -> None:
    monkeypatch.setattr(command, "bisect_releases", lambda *_: result)
    got = run("0123")
    assert got[:2] == (code, out)
    assert re.fullmatch(err, got[2])


def test_a_commit_to_cpython_comes_with_its_issue(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fix = "gh-113055: Use pointer for interp->obmalloc state (gh-113412)"
    change = TurningPoint("first good", COMMIT, fix, "f" * 32)
    monkeypatch.setattr(command, "bisect_cpython", lambda *_: found(changes=(change,)))
    code, out, _ = run("0123", "--python-repo", ".", "--good", "v3.13.0", "--bad", "v3.12.0")
    assert (code, out.splitlines()) == (
        0,
        [
            f"first good: {COMMIT} ({fix})",
            "https://github.com/python/cpython/issues/113055",
        ],
    )


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            ("0123", "--good", "3.0.1"),
            "--good and --bad go together, and --repo and --python-repo take both",
        ),
        (
            ("0123", "--bad", "3.0.1"),
            "--good and --bad go together, and --repo and --python-repo take both",
        ),
        (
            ("0123", "--repo", "."),
            "--good and --bad go together, and --repo and --python-repo take both",
        ),
        (
            ("0123", "--python-repo", "."),
            "--good and --bad go together, and --repo and --python-repo take both",
        ),
        (
            ("0123", "--repo", ".", "--python-repo", ".", "--good", "a", "--bad", "b"),
            "--repo and --python-repo exclude each other",
        ),
        (("0123", "--repo", ".", "--good", "a", "--bad", "b"), r"git rev-parse in \. fails"),
        (("0123", "--good", "3.0.1", "--bad", "3.0.99"), r"3\.0\.99 is no release of pybind11"),
        (("ffff",), "ffff"),
        ((), "Missing argument 'FINDING'"),
    ],
)
def test_mistakes_are_a_line(run: Run, arguments: tuple[str, ...], problem: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert re.fullmatch(rf"finfuzz: error: .*{problem}.*\n", err)


@pytest.mark.slow
def test_two_real_releases(run: Run, tmp_path: Path) -> None:
    """Each trial is a line on standard error where that is no terminal; the result is all of
    standard output."""
    crashes_with(tmp_path / "crashes", freed_enum(bucket="ba9876543210"))
    code, out, err = run("ba98", "--good", "3.0.3", "--bad", "3.0.2")
    assert (code, out) == (0, "first good: 3.0.3\n")
    assert re.search(r"^3\.0\.2: same defect, 3 of 3$", err, re.MULTILINE)
    assert re.search(r"^3\.0\.3: survived, 3 of 3$", err, re.MULTILINE)
