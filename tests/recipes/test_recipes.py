"""The recipes that finfuzz ships: each is read, and each word works on the newest release."""

import ast
from importlib.resources import files
from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.package_location import locate_package
from finfuzz.targets.packages.probe import Surroundings, probe_package
from finfuzz.targets.packages.recipe import find_shipped, list_code, read_recipe
from finfuzz.targets.packages.words import takes_cell, write_words
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.spec import TargetSpec

RECIPES = sorted(Path(str(files("finfuzz") / "recipes")).glob("*.toml"))
STANDARD = {"collections", "datetime", "decimal", "json", "sqlite3"}
each_recipe = pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)


def test_there_are_recipes() -> None:
    assert len(RECIPES) >= 20
    assert {path.stem for path in RECIPES} >= STANDARD


@each_recipe
def test_it_is_read_and_compiles(path: Path) -> None:
    recipe = read_recipe(path)
    compile(write_words(recipe), path.name, "exec")
    assert find_shipped(path.stem) == path
    assert 4 <= len(recipe.kind) <= 10
    assert all(kind.role for kind in recipe.kind.values())
    assert any(takes_cell(kind) or kind.edges for kind in recipe.kind.values())
    assert recipe.action
    assert 3 <= len(recipe.check) <= 8


@each_recipe
def test_no_action_imports_anything_at_its_hook(path: Path) -> None:
    for place, sort, text in list_code(read_recipe(path)):
        if sort == "action":
            nodes = ast.walk(ast.parse(text))
            assert not any(isinstance(node, (ast.Import, ast.ImportFrom)) for node in nodes), place


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.13", "3.14"])
@each_recipe
def test_each_word_works_on_the_newest_release(path: Path, version: str) -> None:
    origin = "stdlib" if path.stem in STANDARD else "wheel"
    spec, recipe = TargetSpec(origin, package=path.stem), read_recipe(path)
    interpreter = pick_or_skip(version)
    where = locate_package(spec, interpreter, recipe, print)
    probe = probe_package(str(spec), recipe, Surroundings(interpreter, where.paths, where.site))
    assert probe.problems == ()
    tried = [kind for kind in recipe.kind.values() if takes_cell(kind)]
    assert len([word for word in probe.words if word.edge == "cell"]) == len(tried)


def pick_or_skip(version: str) -> Interpreter:
    try:
        return pick_interpreter(version)
    except UserError as error:
        pytest.skip(str(error))
