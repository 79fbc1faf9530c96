"""Make a package's target: install it, compile its recipe to words, and probe it once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from finfuzz.targets.built import Build
from finfuzz.targets.cache import find_cache
from finfuzz.targets.gate import count_call_sites
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.package_location import Location, locate_package
from finfuzz.targets.packages.folders import fill_once
from finfuzz.targets.packages.package import Package
from finfuzz.targets.packages.probe import (
    Probe,
    Surroundings,
    list_own_files,
    list_probe_files,
    probe_package,
)
from finfuzz.targets.packages.recipe import Recipe, find_shipped, read_recipe
from finfuzz.targets.packages.words import write_words
from finfuzz.targets.spec import TargetSpec

_BEFORE = """import sys
sys.path[:0] = {paths!r}
FIRST = SECOND = {module!r}
OWN_MODULES = {modules!r}
"""


class _Record(msgspec.Struct):
    """``build.json``, by the probe. ``files``: what the import loaded, with size and time."""

    id: str
    spec: str
    python: str
    pins: tuple[str, ...]
    probe: Probe
    files: list[tuple[str, int, int]]


def build_package(
    spec: TargetSpec,
    interpreter: Interpreter,
    build_runtime: Callable[[], Build],
    instrumented: bool,
    announce: Callable[[str], None],
) -> Build:
    """Return the build of a package's target; make it unless the cache has it and it still holds.

    ``build_runtime`` makes a build for the same CPython, whose runtime is used. It is called once
    the package was imported: a mistyped name is no reason to compile. Raise UserError where the
    package can't be had or imported, and where its recipe is wrong.
    """
    recipe_file = spec.recipe or find_shipped(spec.package)
    recipe = read_recipe(recipe_file) if recipe_file else None
    where = locate_package(spec, interpreter, recipe, announce)
    recipe = recipe or Recipe(where.module)
    text = recipe_file.read_text(encoding="utf-8") if recipe_file else ""
    spec = replace(spec, version=where.version or spec.version)
    probe_id = _compute_id(spec, interpreter, where, text, recipe)
    directory = find_cache() / "builds" / probe_id

    def fill(folder: Path) -> _Record:
        announce(f"probing {spec} on CPython {interpreter.text}")
        return _make(folder, probe_id, spec, interpreter, recipe, where)

    record = fill_once(directory, "build.json", _Record, fill, _are_files_as_they_were)
    runtime = build_runtime()
    modules = _find_modules(recipe, where, record.probe)
    package = Package(
        recipe=recipe,
        recipe_text=text,
        probe=record.probe,
        paths=where.paths,
        site=where.site,
        pins=where.pins,
        modules=modules,
    )
    return Build(
        id=_digest(probe_id, runtime.id),
        spec=spec,
        interpreter=interpreter,
        instrumented=instrumented,
        directory=directory,
        extension=directory / "words.py",
        runtime=runtime.runtime,
        blocks=count_call_sites() if instrumented else 0,
        gated=(*where.paths, *_list_own_extensions(modules, record.probe)),
        package=package,
        offers=package.offers,
    )


def _compute_id(
    spec: TargetSpec,
    interpreter: Interpreter,
    where: Location,
    text: str,
    recipe: Recipe,
) -> str:
    """Compute the id of a probe. A recipe counts by its text, wherever it lies."""
    target = str(replace(spec, recipe=None))
    facts = [target, interpreter.build_key, str(interpreter.path), text]
    facts += [*where.pins, *map(str, where.paths), write_words(recipe)]
    return _digest(*facts, *(file.read_text("utf-8") for file in list_probe_files()))


def _digest(*facts: str) -> str:
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()[:16]


def _are_files_as_they_were(record: _Record) -> bool:
    return record.files == list(list_own_files(record.probe))


def _make(
    folder: Path,
    probe_id: str,
    spec: TargetSpec,
    interpreter: Interpreter,
    recipe: Recipe,
    where: Location,
) -> _Record:
    """Probe the package, and write the files of its build but the record."""
    probe = probe_package(str(spec), recipe, Surroundings(interpreter, where.paths, where.site))
    record = _Record(
        id=probe_id,
        spec=str(spec),
        python=f"{interpreter.text} {interpreter.executable}",
        pins=where.pins,
        probe=probe,
        files=list(list_own_files(probe)),
    )
    modules = _find_modules(recipe, where, probe)
    paths = [str(path) for path in where.paths]
    before = _BEFORE.format(paths=paths, module=recipe.module, modules=modules)
    (folder / "words.py").write_text(write_words(recipe), encoding="utf-8")
    (folder / "before.py").write_text(before, encoding="utf-8")
    return record


def _list_own_extensions(modules: tuple[str, ...], probe: Probe) -> Iterator[Path]:
    """List the compiled files of these modules, in whatever folder: CPython's, for its own ones."""
    for name, file in probe.imported.extensions.items():
        if name.partition(".")[0] in modules:
            yield Path(file)


def _find_modules(recipe: Recipe, where: Location, probe: Probe) -> tuple[str, ...]:
    """Find the top-level names of the package's own modules, its import name first."""
    return tuple(dict.fromkeys([recipe.module.partition(".")[0], *_list_own(recipe, where, probe)]))


def _list_own(recipe: Recipe, where: Location, probe: Probe) -> Iterator[str]:
    top = recipe.module.partition(".")[0]
    for name in (*probe.imported.modules, *probe.imported.builtin):
        first = name.partition(".")[0]
        if first in where.top_levels or first.lstrip("_") == top.lstrip("_"):
            yield first
