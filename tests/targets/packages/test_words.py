"""The functions of a recipe: TOML in, Python out."""

from pathlib import Path

import pytest

from finfuzz.targets.packages.recipe import Recipe, read_recipe
from finfuzz.targets.packages.words import name_function, write_functions, write_words
from helpers.places import CHILD

FUNCTIONS = [
    (
        '[kind.two-words]\nmake = "t.Box()"',
        """
def make_own_two_words(t):
    return t.Box()
""",
    ),
    (
        '[kind.box]\nmake = "t.Box(cell)"',
        """
def make_around_own_box(t, cell):
    return t.Box(cell)


def make_own_box(t):
    cell = make_cell()
    return hold_cell(make_around_own_box(t, cell), cell)


def refer_by_own_cell(source, target):
    cell_of(source)().append(target)
""",
    ),
    (
        'imports = ["numpy as np", "typing"]\n[kind.box]\nmake = "t.Box(np.zeros(1))"\n'
        'edges.to = "source.to(target)"\nhooks.changed = "node.on_change(act)\\nnode.change()"',
        """
def make_own_box(t):
    import numpy as np
    return t.Box(np.zeros(1))


def refer_by_own_to(source, target):
    source.to(target)


def at_own_changed(node, act):
    node.on_change(act)
    node.change()
""",
    ),
    (
        '[action]\nname = "subject.__name__"',  # the module may be gone: it is not imported anew
        """
def act_own_name():
    def act(subject):
        subject.__name__

    return act
""",
    ),
    (
        'imports = ["typing"]\n[action]\nuse = "t.use(typing.Any)\\nt.use(subject)"',
        """
def act_own_use(t):
    import typing
    def act(subject):
        t.use(typing.Any)
        t.use(subject)

    return act
""",
    ),
    (
        '[check]\n"a number" = ["t.one()", 1]\n"two" = ["t.two()  # numbers", [1, "a"]]',
        """
def self_check(t):
    questions = (
        ('a number', 1, lambda: t.one()),
        ('two', [1, 'a'], lambda: (t.two()  # numbers
)),
    )
    return ask(questions)
""",
    ),
    (
        "functions = '''\ndef build(t):\n    return t.Box()\n'''\n"
        '[kind.pair]\nmake = "build(t), build(t)"',
        """
def build(t):
    return t.Box()


def make_own_pair(t):
    return (build(t), build(t))
""",
    ),
]


@pytest.mark.parametrize(("text", "functions"), FUNCTIONS)
def test_the_functions_of_a_recipe(tmp_path: Path, text: str, functions: str) -> None:
    recipe = tmp_path / "mine.toml"
    recipe.write_text(f'module = "mine"\n{text}')
    written = write_words(read_recipe(recipe))
    compile(written, "words.py", "exec")
    cells = (CHILD / "packages" / "cells.py").read_text("utf-8").rstrip()
    own = written.removeprefix(write_words(Recipe("mine"))).replace(f"{cells}\n\n\n", "")
    assert own == f"\n{functions}"


def test_an_extension_of_ours_binds_the_names_of_an_action_before() -> None:
    recipe = Recipe("mine", functions="def use(t):\n    t.two()\n", action={"use": "use(t), t.one"})
    text = "def act_own_use(t):\n    t.one, t.two\n    def act(subject):\n        use(t), t.one\n"
    assert text in write_functions(recipe)
    assert "t.one, t.two" not in write_words(recipe)


@pytest.mark.parametrize(
    ("prefix", "word", "name"),
    [
        ("make_", ":two-words", "make_own_two_words"),
        ("refer_by_", ":to", "refer_by_own_to"),
        ("make_", "list", "make_list"),
        ("hold_in_", "sys-modules", "hold_in_sys_modules"),
    ],
)
def test_the_name_of_a_word_s_function(prefix: str, word: str, name: str) -> None:
    assert name_function(prefix, word) == name
