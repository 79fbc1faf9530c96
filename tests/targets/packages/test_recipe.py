"""Recipes as texts: what is read, and one line for what is wrong."""

from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets.packages.recipe import (
    Recipe,
    RecipeKind,
    Unsupported,
    find_shipped,
    read_recipe,
)

WHOLE = """
module = "mine.core"
requires = ["numpy>=2"]
imports = ["typing", "numpy as np", "os.path", "os.sys"]
functions = '''
def build(t):
    return t.Box()
'''

[kind.box]
make = "t.Box(cell, np.zeros(3))"
edges.added = "source.add(target)"
hooks.changed = "node.on_change(act)"
role = "container"
weak = true

[action]
use = "build(t).use(subject)"

[subject]
use = ["box", "function"]

[check]
"a box's size" = ["build(t).size", 0]
"its sides" = ["build(t).sides", [1.5, "a", true]]

[unsupported]
words = ["fork", "legacy"]
why = "see there"
"""


@pytest.fixture
def write(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


def test_all_that_a_recipe_may_have(write: Path) -> None:
    write.write_text(WHOLE)
    recipe = read_recipe(write)
    assert recipe == Recipe(
        module="mine.core",
        requires=("numpy>=2",),
        imports=("typing", "numpy as np", "os.path", "os.sys"),
        functions="def build(t):\n    return t.Box()\n",
        kind={
            "box": RecipeKind(
                make="t.Box(cell, np.zeros(3))",
                edges={"added": "source.add(target)"},
                hooks={"changed": "node.on_change(act)"},
                role="container",
                weak=True,
            )
        },
        action={"use": "build(t).use(subject)"},
        subject={"use": ("box", "function")},
        check={
            "a box's size": ("build(t).size", 0),
            "its sides": ("build(t).sides", [1.5, "a", True]),
        },
        unsupported=Unsupported(words=("fork", "legacy"), why="see there"),
    )
    assert recipe.aliases == {
        "typing": "import typing",
        "np": "import numpy as np",
        "os": "import os.path, os.sys",
    }


def test_the_module_is_enough(write: Path) -> None:
    write.write_text('module = "mine"')
    assert read_recipe(write) == Recipe("mine")


KIND = '[kind.box]\nmake = "t.Box()"\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[kind.box]", " is no recipe: Object missing required field `make` - at `$.kind[...]`"),
        (KIND, " is no recipe: Object missing required field `module`"),
        ('module = "m"\nkinds = 1', " is no recipe: Object contains unknown field `kinds`: did"),
        ('module = "m"\n' + KIND + "rule = 1", "`rule` - at `$.kind[...]`: did you mean role?"),
        ('module = "m-n"', ": module: 'm-n' is no module's name"),
        (
            'module = "m"\nimports = ["from a import b"]',
            ": imports: can't read 'from a import b': write `typing` or `numpy as np`",
        ),
        (
            'module = "m"\n[kind.Box]\nmake = "t"',
            ": 'Box' is no name: use small letters, digits and hyphens, at most 39",
        ),
        ('module = "m"\n[action]\nuse_it = "t"', ": 'use_it' is no name: use small letters,"),
        (
            'module = "m"\n' + KIND + 'edges.to_it = "source"',
            ": kind.box: 'to_it' is no name: use small letters, digits and hyphens",
        ),
        (
            'module = "m"\n' + KIND + 'role = "containr"',
            ": kind.box.role: no kind 'containr' of an extension: did you mean container?",
        ),
        (
            'module = "m"\n' + KIND + 'edges.cell = "source"',
            ": kind.box.edges: `cell` is made by itself where `make` has a `cell`",
        ),
        (
            'module = "m"\n[kind.box]\nmake = "t.Box("',
            ": kind.box.make: '(' was never closed: t.Box(",
        ),
        (
            'module = "m"\n[kind.box]\nmake = "x = 1"',
            ": kind.box.make: invalid syntax: x = 1",
        ),
        (
            'module = "m"\n[kind.box]\nmake = "' + "-" * 60_000 + '1"',
            ": kind.box.make: nested too deeply: ---",
        ),
        (
            'module = "m"\nfunctions = "' + "[" * 2000 + '"',
            ": functions, line 1: ",
        ),
        (
            'module = "m"\n[kind.box]\nmake = "t\\u0000"',
            ": kind.box.make: source code string cannot contain null bytes: t",
        ),
        (
            'module = "m"\n[kind.box]\nmake = "np.zeros(1)"',
            ": kind.box.make: unknown name 'np': it has cell, t, and what `imports` names",
        ),
        (
            'module = "m"\n' + KIND + 'edges.to = "t.link(source, target)"',
            ": kind.box.edges.to: unknown name 't': it has source, target, and what `imports`",
        ),
        (
            'module = "m"\n[check]\n"a box" = ["box", 1]',
            ": check.'a box': unknown name 'box': it has t, and what `imports` names",
        ),
        (
            'module = "m"\n[subject]\nuse = ["list"]',
            ": subject: no action 'use': name one of the recipe's actions",
        ),
        (
            'module = "m"\n[action]\nuse = "t"\n[subject]\nuse = ["listt"]',
            ": subject.use: no kind 'listt': did you mean list?",
        ),
        (
            'module = "m"\nfunctions = "a = 1"',
            ": functions, line 1: only functions may stand there",
        ),
        (
            'module = "m"\nfunctions = "def make_list(t): pass"',
            ": functions: finfuzz has a function 'make_list': choose another name",
        ),
        (
            'module = "m"\n[unsupported]\nwords = ["forks"]\nwhy = ""',
            ": unsupported.words: no operation or word 'forks': did you mean fork?",
        ),
    ],
)
def test_what_is_wrong_is_one_line(write: Path, text: str, problem: str) -> None:
    write.write_text(text)
    with pytest.raises(UserError) as raised:
        read_recipe(write)
    line = str(raised.value)
    assert line.startswith(str(write))
    assert problem in line
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize("name", ["boost-histogram", "Boost_Histogram", "boost.histogram"])
def test_a_shipped_recipe_is_found_by_any_spelling_of_the_package(name: str) -> None:
    found = find_shipped(name)
    assert found
    assert found.name == "boost-histogram.toml"


def test_a_package_without_a_recipe() -> None:
    assert find_shipped("no-such-package") is None
