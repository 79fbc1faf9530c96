"""Where a package's target lies: installed for it, in an environment, or in CPython itself."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import Distribution, distributions
from pathlib import Path

from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.targets.cache import find_cache
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages.install import install
from finfuzz.targets.packages.recipe import Recipe, normalize
from finfuzz.targets.packages.releases import find_newest
from finfuzz.targets.packages.requirements import parse_requirement
from finfuzz.targets.spec import TargetSpec

#: The module that imports several of the standard library.
_SEVERAL = "finfuzz_several"


@dataclass(frozen=True)
class Location:
    """``module``: what is imported; ``paths``: put first on `sys.path`; ``site``: whether CPython
    sees its own site-packages; ``pins`` and ``version``: of what was installed for it;
    ``top_levels``: names of the package's modules, where they are known."""

    module: str
    paths: tuple[Path, ...] = ()
    site: bool = False
    pins: tuple[str, ...] = ()
    version: str = ""
    top_levels: frozenset[str] = frozenset()


def locate_package(
    spec: TargetSpec,
    interpreter: Interpreter,
    recipe: Recipe | None,
    announce: Callable[[str], None],
) -> Location:
    """Find a package; one of `wheel:` is installed into the cache. Raise UserError."""
    if spec.framework == "wheel":
        return _install(spec, interpreter, recipe, announce)
    name = recipe.module if recipe else spec.package
    if recipe and name.partition(".")[0] != spec.package.partition(".")[0]:
        raise UserError(
            f"{spec.recipe}: the recipe is of the module {name}, and the target is {spec.name}"
        )
    if spec.framework == "stdlib":
        return _locate_standard(spec, name.split(","))
    return Location(name, paths=(spec.path,) if spec.path else (), site=True)


def _locate_standard(spec: TargetSpec, names: list[str]) -> Location:
    """Find modules of the standard library; several are imported by one that is made for them."""
    for name in names:
        if name.partition(".")[0] not in sys.stdlib_module_names:
            raise UserError(f"target {spec}: the standard library has no module {name}")
    if len(names) == 1:
        return Location(names[0])
    text = "".join(f"import {name}\n" for name in names)
    folder = find_cache() / "several" / hashlib.sha256(text.encode()).hexdigest()[:16]
    if not (folder / f"{_SEVERAL}.py").exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / f"{_SEVERAL}.py", text)
    tops = {name.partition(".")[0] for name in names}
    compiled = {f"_{top}" for top in tops}
    return Location(_SEVERAL, paths=(folder,), top_levels=frozenset(tops | compiled))


def pin_version(spec: TargetSpec, interpreter: Interpreter) -> TargetSpec:
    """Fill in the newest release that has a wheel for the CPython, where a wheel names none."""
    if spec.framework != "wheel" or spec.version:
        return spec
    newest = find_newest(parse_requirement(spec.package), interpreter)
    return replace(spec, version=newest.version)


def _install(
    spec: TargetSpec,
    interpreter: Interpreter,
    recipe: Recipe | None,
    announce: Callable[[str], None],
) -> Location:
    spec = pin_version(spec, interpreter)
    wanted = (f"{spec.package}=={spec.version}", *(recipe.requires if recipe else ()))
    installed = install(wanted, interpreter, announce=announce)
    distribution = _find_distribution(installed.folder, spec.package)
    tops = list_top_levels(distribution)
    return Location(
        module=recipe.module if recipe else _guess_module(spec, tops),
        paths=(installed.folder,),
        pins=installed.pins,
        version=distribution.version,
        top_levels=tops,
    )


def _find_distribution(folder: Path, package: str) -> Distribution:
    for distribution in distributions(path=[str(folder)]):
        if normalize(distribution.metadata["Name"]) == normalize(package):
            return distribution
    raise UserError(f"{package} was installed, and {folder} has no metadata of it: delete {folder}")


def list_top_levels(distribution: Distribution) -> frozenset[str]:
    """List the importable names at the top of a distribution's files."""
    tops = {file.parts[0] for file in distribution.files or ()}
    names = {top.partition(".")[0] for top in tops}
    return frozenset(name for name in names if name.isidentifier())


def _guess_module(spec: TargetSpec, tops: frozenset[str]) -> str:
    """Guess what is imported: the package's own name, or the only one that is there."""
    own = normalize(spec.package).replace("-", "_")
    public = sorted(top for top in tops if not top.startswith("_"))
    for name in sorted(tops):
        if name.lower() == own:
            return name
    if len(public) == 1:
        return public[0]
    raise UserError(
        f"target {spec}: which of {', '.join(sorted(tops))} is imported? "
        'write `module = "…"` into a recipe'
    )
