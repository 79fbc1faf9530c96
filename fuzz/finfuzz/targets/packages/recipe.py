"""Recipes: what a package's objects are made of, as a person writes it in TOML.

All is optional but ``module``. An expression is Python, in which `t` is the module; `cell` is a
function that returns a list, which the fuzzer fills; an edge has `source` and `target`, a hook
`node` and `act`, an action `subject`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from finfuzz.program.language import OPERATIONS
from finfuzz.program.vocabulary import EVERYTHING
from finfuzz.program.words import ACTION, FLAVOUR, HOOK, KIND, ROOT, WAY
from finfuzz.support.errors import UserError
from finfuzz.support.toml import read_toml
from finfuzz.targets.packages.code import (
    BUILTINS,
    find_names,
    find_wrong_names,
    list_functions,
    parse_code,
)

_NAME = re.compile(r"[a-z][a-z0-9-]{0,38}\Z")
#: The names that each sort of code may use, beside imports, functions and builtins.
_GIVEN = {
    "make": {"t", "cell"},
    "edge": {"source", "target"},
    "hook": {"node", "act"},
    "action": {"t", "subject"},
    "check": {"t"},
}
#: The choices whose words a package may rule out.
CHOICES = (ROOT, HOOK, ACTION, FLAVOUR, WAY)


class RecipeKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind: an expression that makes an object, and statements that make its edges and hooks.

    ``role``: the kind of the language that it stands for on other targets. ``weak``: whether it
    takes weak references, ``hashable``: whether a dict takes it as a key, ``attributes``: whether
    it has a dict; the build asks an object where the recipe does not say. ``keeps``: whether what
    its edges lead to stays to the end, as in a C++ static or a member of an enum.
    """

    make: str
    edges: dict[str, str] = {}
    hooks: dict[str, str] = {}
    role: str = ""
    weak: bool | None = None
    hashable: bool | None = None
    attributes: bool | None = None
    keeps: bool = False


class Unsupported(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the package's documentation rules out: words of the language, and where it says so."""

    words: tuple[str, ...]
    why: str


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A recipe. ``imports``: modules that its code uses, as `typing` or `numpy as np`;
    ``requires``: further packages that a wheel is installed with; ``functions``: Python functions
    that its code may call; ``subject``: the kinds that an action is meant for, the recipe's or the
    language's; ``check``: expressions and their one right answer, by what they ask."""

    module: str
    requires: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    functions: str = ""
    kind: dict[str, RecipeKind] = {}
    action: dict[str, str] = {}
    subject: dict[str, tuple[str, ...]] = {}
    check: dict[str, tuple[str, Any]] = {}
    unsupported: Unsupported | None = None

    @property
    def aliases(self) -> Mapping[str, str]:
        """The import statements, by the name that each binds."""
        found: dict[str, str] = {}
        for text in self.imports:
            module, _, alias = text.partition(" as ")
            name = alias or module.partition(".")[0]
            found[name] = f"{found[name]}, {text}" if name in found else f"import {text}"
        return found


def read_recipe(path: Path) -> Recipe:
    """Read a recipe. Raise UserError, with one line that says where it is wrong."""
    recipe = read_toml(path, Recipe, "recipe", _list_keys())
    for problem in _find_problems(recipe):
        raise UserError(f"{path}: {problem}")
    return recipe


def find_shipped(package: str) -> Path | None:
    """Find the recipe that finfuzz ships for a package, by the package's name."""
    path = Path(str(files("finfuzz") / "recipes" / f"{normalize(package)}.toml"))
    return path if path.is_file() else None


def normalize(package: str) -> str:
    """Write a package's name as the index does: `Boost_Histogram` is `boost-histogram`."""
    return re.sub(r"[-_.]+", "-", package).lower()


def list_code(recipe: Recipe) -> Iterator[tuple[str, str, str]]:
    """List all code of a recipe: its place, its sort and its text."""
    for name, kind in recipe.kind.items():
        yield f"kind.{name}.make", "make", kind.make
        for edge, text in kind.edges.items():
            yield f"kind.{name}.edges.{edge}", "edge", text
        for hook, text in kind.hooks.items():
            yield f"kind.{name}.hooks.{hook}", "hook", text
    for name, text in recipe.action.items():
        yield f"action.{name}", "action", text
    for name, (text, _) in recipe.check.items():
        yield f"check.{name!r}", "check", text


def _find_problems(recipe: Recipe) -> Iterator[str]:
    """Yield what is wrong, the gravest first; nothing of a recipe runs for that."""
    if not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*", recipe.module):
        yield f"module: {recipe.module!r} is no module's name"
    for text in recipe.imports:
        if not re.fullmatch(r"[\w.]+( as \w+)?", text):
            yield f"imports: can't read {text!r}: write `typing` or `numpy as np`"
    for name in (*recipe.kind, *recipe.action):
        if not _NAME.match(name):
            yield f"{name!r} is no name: use small letters, digits and hyphens, at most 39"
    yield from _find_wrong_words(recipe)
    yield from _find_wrong_subjects(recipe)
    if recipe.unsupported:
        yield from _find_unknown(recipe.unsupported)
    try:
        functions = list_functions(recipe.functions)
    except SyntaxError as error:
        yield f"functions, line {error.lineno}: {error.msg}"
        return
    for problem in find_wrong_names(recipe.functions, functions):
        yield f"functions: {problem}"
    known = BUILTINS.union(recipe.aliases, functions)
    for place, sort, text in list_code(recipe):
        yield from _check_code(place, sort, text, known)


def _find_wrong_words(recipe: Recipe) -> Iterator[str]:
    for name, kind in recipe.kind.items():
        for each in (*kind.edges, *kind.hooks):
            if not _NAME.match(each):
                yield f"kind.{name}: {each!r} is no name: use small letters, digits and hyphens"
        if kind.role and kind.role not in EVERYTHING.kinds:
            near = difflib.get_close_matches(kind.role, sorted(EVERYTHING.kinds), n=1)
            hint = f"did you mean {near[0]}?" if near else "`finfuzz steps` lists the kinds"
            yield f"kind.{name}.role: no kind {kind.role!r} of an extension: {hint}"
        if "cell" in kind.edges:
            yield f"kind.{name}.edges: `cell` is made by itself where `make` has a `cell`"


def _find_wrong_subjects(recipe: Recipe) -> Iterator[str]:
    kinds = {*recipe.kind, *KIND.texts}
    for name, subjects in recipe.subject.items():
        if name not in recipe.action:
            yield f"subject: no action {name!r}: name one of the recipe's actions"
        for each in subjects:
            if each not in kinds:
                near = difflib.get_close_matches(each, sorted(kinds), n=1)
                hint = f"did you mean {near[0]}?" if near else "`finfuzz steps` lists the kinds"
                yield f"subject.{name}: no kind {each!r}: {hint}"


def _find_unknown(unsupported: Unsupported) -> Iterator[str]:
    known = {*OPERATIONS, *(text for choice in CHOICES for text in choice.texts)}
    for word in unsupported.words:
        if word not in known:
            near = difflib.get_close_matches(word, sorted(known), n=1)
            hint = f"did you mean {near[0]}?" if near else "`finfuzz steps` lists the words"
            yield f"unsupported.words: no operation or word {word!r}: {hint}"


def _check_code(place: str, sort: str, text: str, known: frozenset[str]) -> Iterator[str]:
    try:
        parse_code(text, "eval" if sort in ("make", "check") else "exec")
    except SyntaxError as error:
        yield f"{place}: {error.msg}: {_shorten(text)}"
        return
    for name in sorted(find_names(text) - known - _GIVEN[sort]):
        given = ", ".join(sorted(_GIVEN[sort]))
        yield f"{place}: unknown name {name!r}: it has {given}, and what `imports` names"


def _list_keys() -> tuple[str, ...]:
    structs = (Recipe, RecipeKind, Unsupported)
    return tuple(name for struct in structs for name in struct.__struct_fields__)


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
