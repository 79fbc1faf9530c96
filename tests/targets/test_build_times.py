"""What builds take, as measured in this run or recorded by earlier ones."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from finfuzz.targets.build_times import BuildTimes
from finfuzz.targets.spec import parse_target

PYBIND11, CONTROL = parse_target("pybind11==3.1.0+destroy"), parse_target("plain-c")


def record(folder: Path, name: str, age: float, **facts: object) -> None:
    (folder / name).mkdir()
    path = folder / name / "build.json"
    path.write_text(json.dumps(facts))
    os.utime(path, (1e9 - age, 1e9 - age))


@pytest.fixture
def builds(tmp_path: Path) -> Path:
    record(tmp_path, "old", 300, spec="pybind11==3.0.0", seconds=99.0)
    record(tmp_path, "latest", 100, spec="pybind11==3.0.1+released", seconds=20.0)
    record(tmp_path, "before-0.7", 50, spec="plain-c")
    (tmp_path / "cut-off").mkdir()
    (tmp_path / "cut-off" / "build.json").write_text("{")
    return tmp_path


def test_the_latest_recorded_time_of_a_framework_is_the_estimate(builds: Path) -> None:
    assert BuildTimes(builds).estimate([PYBIND11, PYBIND11]) == 40.0


def test_what_was_measured_in_this_run_comes_first(builds: Path) -> None:
    times = BuildTimes(builds)
    times.add(PYBIND11, 10.0)
    times.add(PYBIND11, 14.0)
    assert times.estimate([PYBIND11]) == 12.0


def test_nothing_is_invented(builds: Path) -> None:
    assert BuildTimes(builds).estimate([PYBIND11, CONTROL]) is None
    assert BuildTimes(builds / "none").estimate([PYBIND11]) is None
