"""Help texts, the version, the list of targets, and the installed command."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from finfuzz.targets.interpreters import Interpreter
from helpers.command import finfuzz


def test_targets_lists_what_is_there(tmp_path: Path, pythons: list[Interpreter]) -> None:
    done = finfuzz("targets", cwd=tmp_path)
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    for found in pythons:
        assert [found.text, str(found.executable)] in [line[:2] for line in lines]
    told = " ".join(done.stdout.split())
    assert re.search(r" pybind11==\S+ \(or [^)]*3\.0\.1, 3\.0\.0\)", told)
    assert re.search(r" nanobind==\S+ \(or [^)]*2\.0\.0\)", told)
    assert "policies of pybind11: +released, +destroy, +leak, +hold" in done.stdout


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("--help", ["run", "exec", "targets", "doctor"]),
        ("run -h", ["--target", "--python", "--time", "--engine", "--seed", "--json", "--crashes"]),
        ("exec --help", ["PROGRAM", "--target", "--deadline", "--memory", "--abuse"]),
        ("--version", [version("finfuzz")]),
    ],
)
def test_help(command: str, words: list[str], tmp_path: Path) -> None:
    done = finfuzz(*command.split(), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert [word for word in words if word not in done.stdout] == []


def test_the_installed_command_is_the_same(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("finfuzz")
    if not command.exists():
        pytest.skip("finfuzz is not installed beside this Python")
    done = subprocess.run([command, "-h"], capture_output=True, text=True, cwd=tmp_path, check=True)
    as_module = finfuzz("-h", cwd=tmp_path).stdout
    assert done.stdout == as_module.replace("python -m finfuzz", "finfuzz")
