"""List a target's releases, resolve it to one of them, and find the files of its framework."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from finfuzz.support.errors import UserError
from finfuzz.targets import release_files as packages
from finfuzz.targets.frameworks import DEFAULT, FRAMEWORKS
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages import releases as wheels
from finfuzz.targets.spec import TargetSpec
from finfuzz.targets.vendored import describe_copy


def list_releases(framework: str = DEFAULT) -> list[str]:
    """List a framework's final releases, newest first; empty if it is not released.

    Raise UserError if the package index can't be reached and no release is in the cache.
    """
    package = FRAMEWORKS[framework].releases
    return packages.list_releases(package) if package else []


def list_marked(framework: str, mark: str) -> list[str]:
    """List the releases that leave this mark in an extension's file, newest first.

    Raise UserError as ``list_releases`` does.
    """
    package = FRAMEWORKS[framework].releases
    if package is None:
        return []
    releases = packages.list_releases(package)
    return [release for release in releases if packages.read_mark(package, release) == mark]


def list_own_releases(spec: TargetSpec, interpreter: Interpreter) -> list[str]:
    """List the releases of a target's framework or package, newest first; none if it has none.

    Of a package only those that have a wheel for the CPython. Raise UserError as
    ``list_releases`` does.
    """
    if spec.package:
        if spec.version is None:
            return []
        found = wheels.list_releases(spec.package, interpreter)
        return [release.version for release in reversed(found)]
    return list_releases(spec.framework)


def resolve(spec: TargetSpec) -> TargetSpec:
    """Fill the newest release into a spec that names none; return any other as it is.

    Raise UserError as ``list_releases`` does.
    """
    if not spec.record.releases or spec.version is not None or spec.path is not None:
        return spec
    return replace(spec, version=list_releases(spec.framework)[0])


def find_root(spec: TargetSpec) -> Path:
    """Return the root of the files of a spec's framework; of two releases, the first one's.

    Fetch a release's files once. Raise UserError if there is no such release or path, if it
    can't be fetched, or if the target has no framework.
    """
    package = spec.record.releases
    if package is None:
        raise UserError(f"target {spec}: {spec.framework} has no files of its own")
    if spec.path is not None:
        return packages.find_root(package, spec.path)
    return packages.fetch_root(package, resolve(spec).version or "")


def find_roots(spec: TargetSpec) -> list[Path | None]:
    """Return the root of each extension of a target; None for one without a framework."""
    return [find_root(one) if one.record.releases else None for one in spec.extensions]


def describe_origin(spec: TargetSpec) -> tuple[str, ...]:
    """Say what is used of a checkout that is another project's; nothing of any other target."""
    package = spec.record.releases
    if package is None or spec.path is None:
        return ()
    return describe_copy(package, spec.path, find_root(spec))


def list_root_variables(spec: TargetSpec) -> dict[str, str]:
    """List the roots of the framework's files for a finding's script, by its variables."""
    package = spec.record.releases
    if package is None:
        return {}
    names = (package.variable, package.second_variable)
    folders = [str(find_root(one)) for one in spec.extensions]
    translator = spec.record.translator
    runs = {translator.variable: sys.executable} if translator else {}
    return {**dict(zip(names, folders, strict=False)), **runs}
