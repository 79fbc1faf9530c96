"""A package without a recipe gets a discovered one before a campaign."""

from dataclasses import replace
from pathlib import Path

import pytest

from finfuzz.cli.discover import add_draft
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages.recipe import read_recipe
from finfuzz.targets.spec import TargetSpec, parse_target


@pytest.fixture
def spec(tmp_path: Path) -> TargetSpec:
    (tmp_path / "mine.py").write_text("import collections\n\nclass Box(collections.deque): pass\n")
    return TargetSpec("module", path=tmp_path, package="mine")


def test_it_is_kept_and_used_again_as_its_user_leaves_it(
    spec: TargetSpec, pythons: list[Interpreter], tmp_path: Path
) -> None:
    folder = tmp_path / "recipes"
    drafted = add_draft(spec, pythons[0], folder)
    assert drafted == replace(spec, recipe=folder / "mine.toml")
    assert "box" in read_recipe(folder / "mine.toml").kind
    (folder / "mine.toml").write_text('module = "mine"\n')
    assert add_draft(spec, pythons[0], folder) == drafted
    assert (folder / "mine.toml").read_text() == 'module = "mine"\n'


@pytest.mark.parametrize("target", ["pybind11==3.1.0", "wheel:kiwisolver==1.5.1", "stdlib:json"])
def test_what_has_a_recipe_or_needs_none_stays(
    target: str, pythons: list[Interpreter], tmp_path: Path
) -> None:
    assert add_draft(parse_target(target), pythons[0], tmp_path) == parse_target(target)
    assert list(tmp_path.iterdir()) == []


def test_a_recipe_of_ones_own_stays(pythons: list[Interpreter], tmp_path: Path) -> None:
    named = parse_target(f"wheel:markupsafe==3.0.4+recipe={tmp_path}/mine.toml")
    assert add_draft(named, pythons[0], tmp_path) == named
