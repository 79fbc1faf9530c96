"""A package as it is built: where it lies, its recipe, and what the probe found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from finfuzz.program.vocabulary import Vocabulary
from finfuzz.targets.packages.offers import make_vocabulary
from finfuzz.targets.packages.probe import Probe
from finfuzz.targets.packages.recipe import Recipe


@dataclass(frozen=True)
class Package:
    """A package. ``paths``: put first on `sys.path`; ``site``: whether its CPython sees its own
    site-packages; ``pins``: all that was installed, as `name==version`, the package first;
    ``modules``: top-level names of its modules; ``recipe_text``: as it was written."""

    recipe: Recipe
    recipe_text: str
    probe: Probe
    paths: tuple[Path, ...]
    site: bool
    pins: tuple[str, ...]
    modules: tuple[str, ...]

    @cached_property
    def offers(self) -> Vocabulary:
        """The words that its target has."""
        return make_vocabulary(self.recipe, self.probe)

    @property
    def avoided(self) -> tuple[str, ...]:
        """Words of the language that its documentation rules out: no campaign generates them."""
        return self.recipe.unsupported.words if self.recipe.unsupported else ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What its user should know: words that don't work, threads at import, no compiled part."""
        imported = self.probe.imported
        notes = list(self.probe.problems)
        if imported.threads:
            notes.append(
                f"importing {self.recipe.module} starts threads ({imported.threads}), which no "
                "fork keeps: each program imports it anew, which is slower"
            )
        built_in = {name.partition(".")[0] for name in imported.builtin}
        if not imported.extensions and built_in.isdisjoint(self.modules):
            notes.append(f"{self.recipe.module} is pure Python: nothing to fuzz but CPython")
        return tuple(notes)

    @property
    def extensions(self) -> Mapping[str, str]:
        """Its own compiled modules with their files, without those of other packages."""
        return {
            name: file
            for name, file in self.probe.imported.extensions.items()
            if name.partition(".")[0] in self.modules
        }
