"""A project that has a copy of a framework is not the framework (issue 21)."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets.frameworks import FRAMEWORKS
from finfuzz.targets.releases import describe_origin, find_root
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.targets.vendored import find_other_project

PYBIND11 = FRAMEWORKS["pybind11"].releases
assert PYBIND11 is not None


@pytest.mark.parametrize(
    ("file", "text", "project"),
    [
        ("pyproject.toml", '[project]\nname = "My.Solver"\n', "My.Solver"),
        ("pyproject.toml", '[tool.poetry]\nname = "solver"\n', "solver"),
        ("setup.cfg", "[metadata]\nname = solver\n", "solver"),
        ("CMakeLists.txt", "cmake_minimum_required(VERSION 3.15)\nproject(solver CXX)\n", "solver"),
        ("CMakeLists.txt", "project(\n  pybind11\n  LANGUAGES CXX)\n", ""),
        ("pyproject.toml", '[project]\nname = "pybind11"\n', ""),
        # nothing that can be read says what it is
        ("pyproject.toml", "[build-system]\nrequires = []\n", ""),
        ("pyproject.toml", "not toml", ""),
        ("pyproject.toml", "project = 1\ntool = []\n", ""),
        ("setup.cfg", "not a configuration", ""),
        ("README", "solver", ""),
    ],
)
def test_whose_project_it_is(file: str, text: str, project: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text(text)
    assert find_other_project(PYBIND11, tmp_path) == project


def test_a_name_of_the_framework_anywhere_makes_it_the_framework(tmp_path: Path) -> None:
    """pybind11's own CMake project and its Python project may have different names."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "pybind11-global"\n')
    (tmp_path / "CMakeLists.txt").write_text("project(pybind11)\n")
    assert find_other_project(PYBIND11, tmp_path) == ""


def make_project(folder: Path, *, vendors: bool) -> TargetSpec:
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[project]\nname = "my-solver"\n')
    if vendors:
        (folder / "include" / "pybind11").mkdir(parents=True)
        (folder / "include" / "pybind11" / "pybind11.h").touch()
    return parse_target(f"pybind11@{folder}")


def test_a_copy_of_the_headers_is_said_to_be_one(tmp_path: Path) -> None:
    folder = tmp_path / "solver"
    (note,) = describe_origin(make_project(folder, vendors=True))
    assert note == (
        f"{folder} is my-solver, which has a copy of pybind11: only that copy is used, from "
        f"{folder}/include, with an extension that finfuzz has for pybind11. No code of my-solver "
        "runs: for its own extension, --target module:my_solver"
    )
    (folder / "pyproject.toml").unlink()
    assert describe_origin(parse_target(f"pybind11@{folder}")) == ()
    assert describe_origin(parse_target("plain-c")) == ()


def test_a_project_without_a_copy_is_no_checkout(tmp_path: Path) -> None:
    spec = make_project(tmp_path / "solver", vendors=False)
    with pytest.raises(UserError, match=r"the extension of my-solver is --target module:my_solver"):
        find_root(spec)
