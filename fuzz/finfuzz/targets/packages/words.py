"""Write a recipe's words as Python functions, which driver and scripts share.

They stand beside those of ``child/words/`` and have their form: `make_own_variable(t)`,
`refer_by_own_context(source, target)`, `at_own_notify(node, act)`, `act_own_use(t)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from finfuzz.program.shapes import CELL
from finfuzz.targets.packages.code import find_attributes, find_names, write_argument
from finfuzz.targets.packages.recipe import Recipe, RecipeKind

_CHILD = Path(__file__).resolve().parents[2] / "child" / "packages"
_COMMON, _CELLS = _CHILD / "words.py", _CHILD / "cells.py"


def name_function(prefix: str, word: str) -> str:
    """Name the function of a word: `make_`, `:two-words` is `make_own_two_words`."""
    return prefix + word.replace(":", "own_").replace("-", "_")


def write_words(recipe: Recipe) -> str:
    """Write all functions of a package's recipe, after those that every package has.

    A kind that holds a cell has two: `make_own_holding(t)` makes the cell too, and
    `make_around_own_holding(t, cell)` takes one.
    """
    common = _COMMON.read_text(encoding="utf-8").replace("PACKAGE", recipe.module)
    return "\n\n\n".join([common.rstrip(), *_write_functions(recipe)]) + "\n"


def write_functions(recipe: Recipe) -> str:
    """Write the functions of a recipe's own words alone, for an extension of ours.

    It binds a name when it is first asked for, which would be too late at an action's moment.
    """
    return "\n\n\n".join(_write_functions(recipe, binds_on_demand=True)) + "\n"


def takes_cell(kind: RecipeKind) -> bool:
    """Whether the kind's objects hold a cell."""
    return "cell" in find_names(kind.make)


def name_around(word: str) -> str:
    """Name the function that makes a kind around a cell that is there."""
    return name_function("make_around_", word)


def _write_functions(recipe: Recipe, *, binds_on_demand: bool = False) -> Iterator[str]:
    if any(takes_cell(kind) for kind in recipe.kind.values()):
        yield _CELLS.read_text(encoding="utf-8").rstrip()
    if recipe.functions.strip():
        yield recipe.functions.strip()
    for name, kind in recipe.kind.items():
        yield from _write_make(recipe, name, kind)
        if takes_cell(kind):
            body = ["cell_of(source)().append(target)"]
            yield _write(recipe, name_function("refer_by_", CELL), "source, target", body)
        for edge, text in kind.edges.items():
            name_of_edge = name_function("refer_by_", f":{edge}")
            yield _write(recipe, name_of_edge, "source, target", text.splitlines())
        for hook, text in kind.hooks.items():
            yield _write(recipe, name_function("at_", f":{hook}"), "node, act", text.splitlines())
    for name, text in recipe.action.items():
        bound = find_attributes(text, recipe.functions) if binds_on_demand else ()
        yield _write_action(recipe, name, text, bound)
    if recipe.check:
        yield _write_check(recipe)


def _write_make(recipe: Recipe, name: str, kind: RecipeKind) -> Iterator[str]:
    function, body = name_function("make_", f":{name}"), [f"return {write_argument(kind.make)}"]
    if not takes_cell(kind):
        yield _write(recipe, function, "t", body)
        return
    around = name_around(f":{name}")
    yield _write(recipe, around, "t, cell", body)
    body = ["cell = make_cell()", f"return hold_cell({around}(t, cell), cell)"]
    yield _write(recipe, function, "t", body)


def _write_action(recipe: Recipe, name: str, text: str, bound: tuple[str, ...]) -> str:
    """The modules are imported when the hook is set: at its moment no import may work.

    An action that does not use the package does not import it: its subject may outlive the module.
    ``bound``: names of the module to ask for then, too.
    """
    asked = [", ".join(f"t.{one}" for one in bound)] if bound else []
    inner = [
        *asked,
        "def act(subject):",
        *(f"    {line}" for line in text.splitlines()),
        "",
        "return act",
    ]
    parameters = "t" if "t" in find_names(text) else ""
    return _write(recipe, name_function("act_", f":{name}"), parameters, inner)


def _write_check(recipe: Recipe) -> str:
    rows = [
        f"    ({name!r}, {answer!r}, lambda: {write_argument(text)}),"
        for name, (text, answer) in recipe.check.items()
    ]
    return _write(recipe, "self_check", "t", ["questions = (", *rows, ")", "return ask(questions)"])


def _write(recipe: Recipe, name: str, parameters: str, body: list[str]) -> str:
    used = find_names("\n".join(_without_return(body)))
    imports = [statement for alias, statement in recipe.aliases.items() if alias in used]
    lines = [*imports, *body]
    return "\n".join([f"def {name}({parameters}):", *(f"    {each}".rstrip() for each in lines)])


def _without_return(body: list[str]) -> list[str]:
    """Make the body of a function a text that can be parsed by itself."""
    return ["def body():", *(f"    {line}" for line in body)]
