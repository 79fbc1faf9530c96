"""The text of a recipe: a golden file, which the targets' own reader takes."""

from __future__ import annotations

import datetime
from pathlib import Path

from finfuzz.discovery.recipe import write_recipe
from finfuzz.targets.packages.recipe import read_recipe
from helpers.discovery import EXAMPLE, make_discovery, make_held, make_kind

GOLDEN = Path(__file__).with_name("recipe.toml")
DAY = datetime.date(2026, 11, 29)


def test_the_recipe_of_the_example() -> None:
    """If a change is meant, write `text` into the file, and read it."""
    text = write_recipe(EXAMPLE, "wheel:mine==1.2", ("mine==1.2", "numpy==2.0"), DAY)
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_the_reader_of_recipes_takes_it() -> None:
    recipe = read_recipe(GOLDEN)
    assert recipe.module == "mine"
    assert recipe.imports == ("mine", "io", "mine.etree as etree")
    assert [(name, kind.role) for name, kind in recipe.kind.items()] == [
        ("variable", "container"),
        ("plain", "instance"),
        ("solver", "instance"),
    ]
    assert recipe.kind["variable"].edges["context"] == "source.setContext(target)"
    assert recipe.action["use"] == "a = t.Plain(); a.name(); t.version()"


def test_a_recipe_without_anything(tmp_path: Path) -> None:
    text = write_recipe(make_discovery(), "module:mine", (), DAY)
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    assert read_recipe(path).kind == {}


def test_quotes_and_control_characters_are_kept(tmp_path: Path) -> None:
    held = make_held("source.add('\"\\\\\x7f\u00e9', target)", "add")
    text = write_recipe(make_discovery(make_kind("A", edges=(held,))), "module:mine", (), DAY)
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    assert read_recipe(path).kind["a"].edges == {"add": held.text}
