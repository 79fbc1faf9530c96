"""The words of a framework's own, which its extension offers beside those of the language.

They are in ``words.toml`` of the extension's folder, in the form of a package's recipe.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from finfuzz.program.vocabulary import OwnWords, Vocabulary
from finfuzz.targets.frameworks import FRAMEWORKS
from finfuzz.targets.frameworks.framework import Framework
from finfuzz.targets.packages.offers import read_own_words
from finfuzz.targets.packages.recipe import Recipe, read_recipe
from finfuzz.targets.packages.words import write_functions
from finfuzz.targets.spec import TargetSpec

_EXTENSIONS = Path(__file__).resolve().parents[1] / "child" / "extensions"
_FILE = "words.toml"


def list_offers(spec: TargetSpec) -> Vocabulary:
    """List the words that a target of a framework has, as its record and its own file say."""
    record = spec.record
    vocabulary = record.find_vocabulary(spec.policy)
    recipe = read_extension_recipe(record)
    return replace(vocabulary, own=read_own_words(recipe)) if recipe else vocabulary


def write_extension_words(record: Framework) -> str:
    """Write the functions of a framework's own words; empty where it has none."""
    recipe = read_extension_recipe(record)
    return write_functions(recipe) if recipe else ""


def read_extension_recipe(record: Framework) -> Recipe | None:
    """Read a framework's own words; None where it has none. Raise UserError if they are wrong."""
    return _read(record.sources[0]) if record.sources else None


@cache
def collect_own_words() -> OwnWords:
    """Collect the own words of all frameworks: a program may come from any of them."""
    found = [read_own_words(recipe) for recipe in _list_recipes()]
    return OwnWords(
        kinds={text: kind for one in found for text, kind in one.kinds.items()},
        actions=tuple(dict.fromkeys(action for one in found for action in one.actions)),
        roles={text: role for one in found for text, role in one.roles.items()},
    )


def _list_recipes() -> Iterator[Recipe]:
    for record in FRAMEWORKS.values():
        if recipe := read_extension_recipe(record):
            yield recipe


@cache
def _read(folder: str) -> Recipe | None:
    path = _EXTENSIONS / folder / _FILE
    return read_recipe(path) if path.is_file() else None
