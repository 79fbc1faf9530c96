"""Which builds a matrix means."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.replay.matrix import Matrix, plan_all_builds, plan_builds, read_matrix
from finfuzz.support.errors import UserError
from finfuzz.targets.frameworks import FRAMEWORKS
from finfuzz.targets.interpreters import find_interpreters
from finfuzz.targets.releases import list_releases

POLICIES = FRAMEWORKS["pybind11"].policy_names
STYLES = FRAMEWORKS["plain-c"].policy_names
NEWEST = next(found.text for found in find_interpreters() if found.includes)


@pytest.mark.parametrize(
    ("matrix", "targets"),
    [
        (Matrix(targets=("plain-c",)), ["plain-c"]),
        (
            Matrix(targets=("pybind11==3.1.0", "plain-c"), policies=("released", "destroy")),
            ["pybind11==3.1.0+released", "pybind11==3.1.0+destroy", "plain-c"],
        ),
        (
            Matrix(targets=("plain-c", "no-extension"), policies=("globals", "failing-init")),
            ["plain-c+globals", "plain-c+failing-init", "no-extension"],
        ),
        # one that is named stays
        (Matrix(targets=("plain-c+globals",), policies=("abi3",)), ["plain-c+globals"]),
        (
            Matrix(targets=("pybind11==3.1.0+hold",), policies=("leak",)),
            ["pybind11==3.1.0+hold"],
        ),
    ],
)
def test_targets(matrix: Matrix, targets: list[str]) -> None:
    found = plan_builds(matrix)
    assert [str(planned.spec) for planned in found] == targets
    assert {planned.interpreter.text for planned in found} == {NEWEST}


def test_nothing_named_is_the_newest_of_each() -> None:
    (planned,) = plan_builds(Matrix())
    assert planned.name == f"pybind11=={list_releases()[0]}+released on {NEWEST}"


def test_a_python_that_is_not_here_is_a_build_with_a_problem() -> None:
    here, missing = plan_builds(Matrix(targets=("plain-c",), pythons=(NEWEST, "3.99")))
    assert here.problem == ""
    assert "--python 3.99: no such CPython was found" in missing.problem
    assert missing.name == "plain-c on 3.99"


def test_everything_is_each_python_with_each_release_and_policy_and_the_control() -> None:
    pythons = [found for found in find_interpreters() if found.includes]
    found = plan_all_builds()
    assert len(found) == len(pythons) * (len(list_releases()) * len(POLICIES) + 1)
    assert len({(planned.spec, planned.interpreter.executable) for planned in found}) == len(found)
    assert "plain-c" in {str(planned.spec) for planned in found}


def test_everything_of_a_target_is_that_on_each_python_with_each_policy() -> None:
    pythons = [found for found in find_interpreters() if found.includes]
    found = plan_all_builds(("pybind11==3.1.0", "plain-c"))
    assert len(found) == len(pythons) * (len(POLICIES) + len(STYLES))
    assert {planned.spec.version for planned in found} == {"3.1.0", None}


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "matrix.toml"
    path.write_text('targets = ["plain-c"]\npythons = ["3.13"]\nprograms = ["corpus"]\n')
    assert read_matrix(path) == Matrix(
        targets=("plain-c",), pythons=("3.13",), programs=("corpus",)
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('target = ["plain-c"]', "unknown field `target`: did you mean targets?"),
        ("targets = 3", "Expected `array`, got `int`"),
        ("targets", "is no matrix"),
    ],
)
def test_a_file_that_can_not_be_understood(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "matrix.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=complaint.replace("?", r"\?")):
        read_matrix(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can't read the matrix"):
        read_matrix(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("matrix", "complaint"),
    [
        (Matrix(targets=("pybind12",)), "unknown framework 'pybind12'"),
        (Matrix(targets=("pybind11==3.1.0",), policies=("keep",)), "unknown policy 'keep'"),
    ],
)
def test_a_target_that_can_not_be_meant(matrix: Matrix, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        plan_builds(matrix)
