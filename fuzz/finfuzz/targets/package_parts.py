"""What a package is made of: its own compiled files, CPython's modules, and other packages."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from finfuzz.targets.built import Build
from finfuzz.targets.package_location import list_top_levels
from finfuzz.targets.packages.files import NativeFile, describe_file
from finfuzz.targets.packages.package import Package
from finfuzz.targets.packages.recipe import normalize
from finfuzz.targets.spec import TargetSpec

_SITE = frozenset({"site-packages", "dist-packages"})


def describe_own_files(package: Package) -> tuple[NativeFile, ...]:
    """Describe the package's own compiled modules, those of them that its import loads."""
    files = sorted({Path(file) for file in package.extensions.values()})
    found = (describe_file(file, file.parent) for file in files)
    return tuple(file for file in found if file is not None)


def list_standard_extensions(package: Package) -> Iterator[str]:
    """List the standard library's compiled modules that the import loads from files."""
    for name, file in package.probe.imported.extensions.items():
        path = Path(file)
        is_elsewhere = any(path.is_relative_to(folder) for folder in package.paths)
        if "." not in name and not is_elsewhere and _SITE.isdisjoint(path.parts):
            yield name


def list_standard_modules(package: Package) -> tuple[str, ...]:
    """List the standard library's compiled modules that the import brings, by public name.

    `_datetime` is `datetime`, where the import brings that, too.
    """
    imported = package.probe.imported
    compiled = [*imported.builtin, *list_standard_extensions(package)]
    names = [name for name in compiled if name in sys.stdlib_module_names]
    public = {name: name.lstrip("_") for name in names}
    return tuple(
        dict.fromkeys(
            public[name] if public[name] in imported.modules else name for name in sorted(names)
        )
    )


def list_dependencies(build: Build) -> tuple[TargetSpec, ...]:
    """List the other packages whose compiled modules the import loads, each as a target."""
    assert build.package is not None
    package, spec = build.package, build.spec
    known = {*package.modules, *list_standard_extensions(package)}
    tops = {name.partition(".")[0] for name in package.probe.imported.extensions} - known
    if spec.version is None:
        return tuple(TargetSpec("module", path=spec.path, package=top) for top in sorted(tops))
    return tuple(
        TargetSpec("wheel", one.version, package=normalize(one.name))
        for one in _list_distributions(package)
        if normalize(one.name) != normalize(spec.package) and tops & list_top_levels(one)
    )


def _list_distributions(package: Package) -> list[Distribution]:
    found = distributions(path=[str(path) for path in package.paths])
    return sorted(found, key=lambda one: normalize(one.name))
