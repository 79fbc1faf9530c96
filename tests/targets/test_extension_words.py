"""A framework's own words: offered by its targets, and replaced on others."""

import pytest

from finfuzz.program.roles import adapt
from finfuzz.program.text import parse, to_text
from finfuzz.program.words import KIND
from finfuzz.targets.extension_words import (
    collect_own_words,
    list_offers,
    read_extension_recipe,
    write_extension_words,
)
from finfuzz.targets.frameworks import FRAMEWORKS
from finfuzz.targets.spec import parse_target

WITH_WORDS = [name for name, record in FRAMEWORKS.items() if read_extension_recipe(record)]


def test_who_has_words_of_its_own() -> None:
    assert WITH_WORDS == ["cython", "nanobind", "pybind11"]
    assert write_extension_words(FRAMEWORKS["plain-c"]) == ""
    assert not list_offers(parse_target("plain-c")).own.kinds


@pytest.mark.parametrize("name", WITH_WORDS)
def test_each_kind_says_what_it_takes(name: str) -> None:
    """No probe asks the objects of our extensions, as it does with a package's."""
    recipe = read_extension_recipe(FRAMEWORKS[name])
    assert recipe is not None
    facts = {
        word: (kind.weak, kind.hashable, kind.attributes) for word, kind in recipe.kind.items()
    }
    assert [word for word, said in facts.items() if None in said] == []
    assert recipe.module == "finfuzz_target"
    assert recipe.check or name == "pybind11", "it is asked the language's own questions"


@pytest.mark.parametrize(
    ("target", "program"),
    [
        ("nanobind==3.1.0", "node a :of-weak\nedge a a attribute\nhook a atexit :call\n"),
        ("pybind11==3.1.0", "node a subclass\nedge a a attribute\nhook a atexit create\n"),
        ("plain-c", "node a subclass\nedge a a attribute\nhook a atexit create\n"),
    ],
)
def test_on_another_target_a_word_is_the_nearest_one(target: str, program: str) -> None:
    written = parse("finfuzz 1\nnode a :of-weak\nedge a a attribute\nhook a atexit :call\n")
    offers = list_offers(parse_target(target))
    assert to_text(adapt(written, collect_own_words(), offers)) == f"finfuzz 1\n{program}"


def test_a_policy_may_lack_more() -> None:
    offers = list_offers(parse_target("nanobind==3.1.0+split"))
    assert not offers.has(KIND, "buffer")
    assert offers.has(KIND, ":of-weak")
    assert list_offers(parse_target("nanobind==3.1.0")).has(KIND, "buffer")
