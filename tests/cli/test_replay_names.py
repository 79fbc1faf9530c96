"""`finfuzz replay` keeps programs of one name apart, and CPythons of one version."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from finfuzz.replay.cases import collect_cases
from finfuzz.targets.interpreters import find_interpreters
from helpers.command import run

DESTROY = "pybind11==3.1.0+destroy"
SURVIVES = "finfuzz 1\nnode a container\nedge a a append\nroot a module\n"
DIES = "finfuzz 1\nnode a container\nedge a a append\nroot a codec\n"
GUARD = "SIGABRT/internals-recreated"
DIES_BUT_NOT_IN_THE_PROBE = """\
import atexit, os

if os.environ.get("PYTHONCOERCECLOCALE"):
    atexit.register(os.abort)
"""
PYTHON = next(found for found in find_interpreters() if found.includes)


def finfuzz(here: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(here, sys.executable, "-m", "finfuzz", "replay", *arguments)


@pytest.fixture
def two_programs(tmp_path: Path) -> Path:
    for folder, text in (("d1", DIES), ("d2", SURVIVES)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.fin").write_text(text)
    return tmp_path


def test_programs_of_one_name_are_compared_each_by_itself(two_programs: Path) -> None:
    done = finfuzz(
        two_programs, "d1", "d2", "--target", DESTROY, "--against", "plain-c", "--python",
        PYTHON.text,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert f"fails on {DESTROY} only: d1/x.fin: {GUARD}" in done.stdout
    assert "1 of 2 programs differs" in done.stdout


def test_programs_of_one_name_are_accepted_each_by_itself(two_programs: Path) -> None:
    done = finfuzz(
        two_programs, "d1", "d2", "--target", DESTROY, "--python", PYTHON.text, "--accept"
    )
    assert "rewrote the expect lines of 1 program" in done.stdout
    dies, survives = collect_cases([two_programs / "d1", two_programs / "d2"])
    assert [one.outcome for one in dies.expectations] == [GUARD]
    assert not survives.expectations


@pytest.fixture
def two_environments(tmp_path: Path) -> Path:
    """Two environments of one CPython: the module of `b` dies at the end of a program."""
    for name, text in (("a", ""), ("b", DIES_BUT_NOT_IN_THE_PROBE)):
        folder = tmp_path / name
        command = (str(PYTHON.executable), "-m", "venv", "--without-pip", str(folder))
        assert run(tmp_path, *command).returncode == 0
        (site,) = folder.glob("lib/python3*/site-packages")
        (site / "mine.py").write_text(text)
    (tmp_path / "x.fin").write_text("finfuzz 1\nimport\n")
    return tmp_path


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_environments_of_one_version_are_each_run(two_environments: Path, order: str) -> None:
    pythons = [part for name in order for part in ("--python", f"{name}/bin/python")]
    done = finfuzz(two_environments, "x.fin", "--target", "module:mine", *pythons)
    (failed,) = (line for line in done.stdout.splitlines() if line.startswith("failed: "))
    assert failed.startswith(f"failed: x on module:mine, CPython {PYTHON.text} (")
    assert "b/bin/python): SIGABRT/" in failed
    assert done.stdout.endswith("1 as expected, 1 failed\n")


def test_environments_of_one_version_are_compared(two_environments: Path) -> None:
    options = ("--python", "b/bin/python", "--against-python", "a/bin/python")
    done = finfuzz(two_environments, "x.fin", "--target", "module:mine", *options)
    assert "1 of 1 program differs" in done.stdout, done.stderr


def test_what_no_condition_can_tell_is_not_accepted(two_environments: Path) -> None:
    before = (two_environments / "x.fin").read_text()
    options = ("--python", "a/bin/python", "--python", "b/bin/python", "--accept")
    finfuzz(two_environments, "x.fin", "--target", "module:mine", *options)
    assert (two_environments / "x.fin").read_text() == before


def test_a_cpython_named_twice_is_one_column(two_programs: Path) -> None:
    options = ("--target", "plain-c", "--python", PYTHON.text, "--python", str(PYTHON.executable))
    done = finfuzz(two_programs, "d2", *options)
    assert done.stdout == "1 as expected\n"
