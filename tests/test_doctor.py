"""`finfuzz doctor`: each need is checked, and what is missing is named with its remedy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from finfuzz import doctor
from finfuzz.doctor import Check, examine
from finfuzz.executor.process import can_fix_addresses

SUBJECTS = [
    "system",
    "compiler",
    "interpreters",
    "engine",
    "package index",
    "cache",
    "address layout",
]


def run_doctor(**variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "finfuzz", "doctor"],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def table(stdout: str) -> dict[str, tuple[str, str]]:
    """Subject: (ok or MISSING, text)."""
    lines = [line.partition(": ") for line in stdout.splitlines()]
    return {head.split(maxsplit=1)[1]: (head.split()[0], text) for head, _, text in lines}


def missing(checks: list[Check]) -> dict[str, str]:
    return {check.subject: check.text for check in checks if not check.passed}


def test_nothing_is_missing_here() -> None:
    done = run_doctor()
    said = table(done.stdout)
    assert list(said) == SUBJECTS
    # Docker's default forbids personality(2), and that is worth a word.
    wrong = [] if can_fix_addresses() else ["address layout"]
    assert [subject for subject in said if said[subject][0] != "ok"] == wrong
    assert (done.returncode, done.stderr) == (len(wrong), "")
    assert all(text for _, text in said.values())


def test_what_is_missing_is_said_and_the_rest_is_still_looked_at(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = run_doctor(CXX="/no/such/compiler", FINFUZZ_CACHE=str(tmp_path / "file"))
    said = table(done.stdout)
    assert list(said) == SUBJECTS
    assert [subject for subject in said if said[subject][0] != "ok"] == ["compiler", "cache"]
    assert "unset it or correct it" in said["compiler"][1]
    assert "set $FINFUZZ_CACHE to another" in said["cache"][1]
    assert (done.returncode, done.stderr) == (1, "")


def test_no_compiler_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    assert "apt install g++" in missing(examine())["compiler"]


def test_another_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "runs on Linux only" in missing(examine())["system"]


def test_no_python_with_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    # The machine that the tests run on has one, or there would be nothing to run them.
    monkeypatch.setattr(doctor, "find_interpreters", list)
    assert "python3-dev" in missing(examine())["interpreters"]


def test_no_package_index_and_nothing_cached(tmp_path: Path) -> None:
    done = run_doctor(
        FINFUZZ_CACHE=str(tmp_path), PIP_CONFIG_FILE=os.devnull, PIP_NO_INDEX="1", PIP_FIND_LINKS=""
    )
    said = table(done.stdout)
    assert [subject for subject in said if said[subject][0] != "ok"] == ["package index"]
    assert "pybind11@PATH" in said["package index"][1]
    assert done.returncode == 1


def test_an_engine_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)
    assert "pip install" in missing(examine())["engine"]
