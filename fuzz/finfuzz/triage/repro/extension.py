"""The extension as a script uses it: the names of its modules, its words, and where it lies."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from finfuzz.program.vocabulary import Vocabulary
from finfuzz.targets.extension_words import (
    list_offers,
    read_extension_recipe,
    write_extension_words,
)
from finfuzz.targets.packages.package import Package
from finfuzz.targets.packages.words import name_around, takes_cell, write_words
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.repro import texts
from finfuzz.triage.repro.library import PLATFORM, Library, load_library

_OURS = {"t": "finfuzz_target", "t2": "finfuzz_second"}
_SHORT = "t"

_UNIMPORT = """

def unimport():
    import sys

    for name in [name for name in sys.modules if name.partition(".")[0] {test}]:
        del sys.modules[name]
"""


@dataclass(frozen=True)
class ScriptExtension:
    """A target's extension for its scripts. ``package``: of a target that is one."""

    spec: TargetSpec
    package: Package | None = None

    @cached_property
    def library(self) -> Library:
        """The functions of its words."""
        if self.package is None:
            return load_library(write_extension_words(self.spec.record))
        own = write_words(self.package.recipe) + _write_unimport(self.package.modules)
        return load_library(own, self.first)

    @cached_property
    def modules(self) -> Mapping[str, str]:
        """Its modules, by the variable that a script has for each."""
        return _OURS if self.package is None else {self.first: self.package.recipe.module}

    @cached_property
    def first(self) -> str:
        """The variable of its first module."""
        if self.package is None:
            return _SHORT
        module = self.package.recipe.module
        variable = module.rpartition(".")[2]
        return _SHORT if variable in _find_taken(self.package, module) else variable

    @property
    def second(self) -> str:
        """The variable of its second module, or of the first where there is one alone."""
        return "t2" if self.spec.second is not None else self.first

    @cached_property
    def offers(self) -> Vocabulary:
        """The words of its programs."""
        if self.package is not None:
            return self.package.offers
        return list_offers(self.spec)

    @property
    def folder(self) -> Path | None:
        """The folder that a user named, to import the package from."""
        return self.spec.path if self.package else None

    @property
    def is_installed(self) -> bool:
        """Whether each interpreter finds it without a script's help."""
        return self.package is not None and self.folder is None and self.joining is None

    @property
    def joining(self) -> Path | None:
        """The file of the module that imports several of the standard library, in our cache."""
        if self.package is None or self.spec.framework != "stdlib" or not self.package.paths:
            return None
        return self.package.paths[0] / f"{self.package.recipe.module}.py"

    @property
    def modules_inside(self) -> frozenset[str]:
        """The modules that a script has imported in a subinterpreter, to find it there."""
        return frozenset() if self.is_installed else frozenset({"sys"})

    def write_import(self, module: str) -> str:
        """Write the import of one of its modules, by variable, or of any other."""
        name = self.modules.get(module)
        if name is None or name == module:
            return f"import {module}"
        return f"import {name} as {module}"

    def find_around(self, kind: str) -> str:
        """Find the function that makes a kind around a cell; empty for kinds that hold none."""
        recipe = self.package.recipe if self.package else read_extension_recipe(self.spec.record)
        own = recipe.kind.get(kind[1:]) if recipe else None
        return name_around(kind) if own is not None and takes_cell(own) else ""


def _write_unimport(modules: tuple[str, ...]) -> str:
    only = modules[0] if len(modules) == 1 else ""
    return _UNIMPORT.format(test=f'== "{only}"' if only else f"in {modules!r}")


def _find_taken(package: Package, module: str) -> frozenset[str]:
    """Find the names that a module's variable must not hide: those of anything else."""
    library = load_library(write_words(package.recipe))
    names = {*texts.NAMES, *texts.HELPERS, *PLATFORM, *dir(builtins), *keyword.kwlist}
    itself = {module} & {*texts.MODULES, *(library.modules - texts.NAMES)}
    return frozenset(names | library.names) - itself
