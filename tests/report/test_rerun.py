"""The commands that show a finding again can be copied."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from finfuzz.report.rerun import list_commands
from finfuzz.triage.findings.rate import Rate
from helpers.finding_example import finding

FOLDER = Path("crashes/SIGABRT/internals-recreated/0123456789ab")
TARGET = finding().target


@pytest.mark.parametrize(
    ("changes", "commands"),
    [
        ({}, [f"python3.13 {FOLDER}/repro.py"]),
        ({"target": replace(TARGET, python="3.14.10td")}, [f"python3.14td {FOLDER}/repro.py"]),
        ({"target": replace(TARGET, executable="/nowhere/python")},
         [f"python3.13 {FOLDER}/repro.py"]),
        ({"target": replace(TARGET, pins=("optree==0.20.0", "numpy==2"))},
         ["python3.13 -m pip install optree==0.20.0 numpy==2", f"python3.13 {FOLDER}/repro.py"]),
        # a stranger's finding names no other program, and no options of pip
        ({"target": replace(TARGET, executable="/bin/rm", pins=("--index-url=http://x", "a==1"))},
         ["python3.13 -m pip install a==1", f"python3.13 {FOLDER}/repro.py"]),
        ({"script": Rate(0, 0)},
         [f"finfuzz exec {FOLDER}/program.fin --target pybind11==3.1.0+destroy "
          "--python python3.13"]),
    ],
)  # fmt: skip
def test_commands(changes: dict[str, object], commands: list[str]) -> None:
    assert list_commands(finding(**changes), FOLDER) == commands


def test_its_own_python_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    python = tmp_path / "my own" / "python3.13"
    python.parent.mkdir()
    python.touch(mode=0o755)
    found = finding(target=replace(TARGET, executable="~/my own/python3.13"))
    assert list_commands(found, Path("a b")) == [f"'{python}' 'a b/repro.py'"]
