"""List a target's releases, resolve it to one of them, and find its folders of headers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from finfuzz.support.errors import UserError
from finfuzz.targets import headers as packages
from finfuzz.targets.frameworks import DEFAULT, FRAMEWORKS
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages import releases as wheels
from finfuzz.targets.spec import TargetSpec


def list_releases(framework: str = DEFAULT) -> list[str]:
    """List a framework's final releases, newest first; empty if it is not released.

    Raise UserError if the package index can't be reached and no release is in the cache.
    """
    package = FRAMEWORKS[framework].headers
    return packages.list_releases(package) if package else []


def list_marked(framework: str, mark: str) -> list[str]:
    """List the releases that leave this mark in an extension's file, newest first.

    Raise UserError as ``list_releases`` does.
    """
    package = FRAMEWORKS[framework].headers
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
    if not spec.record.headers or spec.version is not None or spec.path is not None:
        return spec
    return replace(spec, version=list_releases(spec.framework)[0])


def find_headers(spec: TargetSpec) -> Path:
    """Return the include folder of a spec's framework; of two releases, the first one's.

    Fetch a release's headers once. Raise UserError if there is no such release or path, if it
    can't be fetched, or if the target has no framework.
    """
    package = spec.record.headers
    if package is None:
        raise UserError(f"target {spec}: {spec.framework} has no headers of its own")
    if spec.path is not None:
        return packages.find_headers(package, spec.path)
    return packages.fetch_headers(package, resolve(spec).version or "")


def find_include_folders(spec: TargetSpec) -> list[Path | None]:
    """Return the include folder of each extension of a target; None for one without headers."""
    return [find_headers(one) if one.record.headers else None for one in spec.extensions]


def list_header_variables(spec: TargetSpec) -> dict[str, str]:
    """List the folders of headers for a finding's script, by its variables."""
    package = spec.record.headers
    if package is None:
        return {}
    names = (package.variable, package.second_variable)
    folders = [str(find_headers(one)) for one in spec.extensions]
    return dict(zip(names, folders, strict=False))
