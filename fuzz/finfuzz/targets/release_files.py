"""Fetch a framework's files into the cache, once per release, or find them in a checkout."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import zipfile
from pathlib import Path

from filelock import FileLock

from finfuzz.support.errors import UserError
from finfuzz.targets import package_index
from finfuzz.targets.cache import find_cache
from finfuzz.targets.frameworks.framework import ReleasePackage
from finfuzz.targets.vendored import find_other_project, point_to_module

#: Files of a release that no build depends on: a copy of the program, compiled or cached.
_NO_SOURCES = (".so", ".pyc", ".pyd")


def list_releases(package: ReleasePackage) -> list[str]:
    """List a package's final releases from its oldest on, newest first; never empty.

    Without the package index, list the releases that are in the cache. Raise UserError if
    there are none, or if this Python has no pip.
    """
    if versions := package_index.list_versions(package) or _list_cached(package):
        return list(versions)
    raise UserError(
        f"the package index can't be reached to look up {package.name}'s releases and none is "
        f"cached yet: connect, or give a checkout: {package.name}@PATH"
    )


def fetch_root(package: ReleasePackage, version: str) -> Path:
    """Return the root of a release. Raise UserError if it can't be fetched."""
    folder = find_cache() / "headers"
    root = folder / f"{package.name}-{version}"
    if (root / package.main_file).is_file():
        return root
    folder.mkdir(exist_ok=True)
    with FileLock(f"{root}.lock"):
        if not (root / package.main_file).is_file():
            _fetch(package, version, root)
    return root


def read_mark(package: ReleasePackage, version: str) -> str:
    """Read the text that an extension made with a release has in its file; empty if unknown.

    Raise UserError if the release can't be fetched.
    """
    if package.mark is None:
        return ""
    place, pattern, text = package.mark
    if not place:
        return text.format(version.replace(".", "_"))
    path = fetch_root(package, version) / place
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    for file in files:
        if found := re.search(pattern, file.read_text("utf-8")):
            return text.format(found[1])
    return ""


def find_root(package: ReleasePackage, path: Path) -> Path:
    """Return the root of a checkout, or ``path`` itself if it is one.

    Raise UserError if neither holds the framework's main file.
    """
    for root in (path / package.checkout_root, path):
        if (root / package.main_file).is_file():
            return root
    file, name = package.main_file, package.name
    other = find_other_project(package, path)
    tried = [f"{package.checkout_root}/{file}"] if package.checkout_root else []
    places = f"neither {tried[0]} nor {file} is" if tried else f"{file} is not"
    raise UserError(
        f"target {name}@{path}: {places} in there: give a {name} checkout"
        + (" or its include folder" if tried else "")
        + (f" (the extension of {other} is {point_to_module(other)})" if other else "")
    )


def list_includes(package: ReleasePackage, root: Path) -> list[Path]:
    """List the include folders of a root.

    Those that a checkout lacks are the newest release's. Raise UserError if that can't be fetched.
    """
    found = []
    for include in package.includes:
        folder = root / include
        if not folder.is_dir():
            folder = fetch_root(package, list_releases(package)[0]) / include
        found.append(folder)
    return found


def list_files(package: ReleasePackage, root: Path) -> list[Path]:
    """List the files of a root that a build may depend on, in order."""
    places = [root / folder for folder in package.folders]
    files = [file for place in places for file in (place.rglob("*") if place.is_dir() else [place])]
    return sorted(file for file in files if file.is_file() and file.suffix not in _NO_SOURCES)


def _fetch(package: ReleasePackage, version: str, root: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=root.parent) as scratch:
        wheel = package_index.download_wheel(package, version, Path(scratch))
        if isinstance(wheel, str):
            raise UserError(f"target {package.name}=={version}: {wheel}")
        files = Path(scratch, "files")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(files, _list_wanted(package, archive.namelist()))
        shutil.rmtree(root, ignore_errors=True)  # half deleted by hand: rename needs it gone
        os.rename(files / package.wheel_root, root)


def _list_wanted(package: ReleasePackage, names: list[str]) -> list[str]:
    prefix = f"{package.wheel_root}/" if package.wheel_root else ""
    places = [f"{prefix}{folder}" for folder in package.folders]
    return [
        name for name in names if any(name == one or name.startswith(f"{one}/") for one in places)
    ]


def _list_cached(package: ReleasePackage) -> tuple[str, ...]:
    prefix = f"{package.name}-"
    found = (find_cache() / "headers").glob(f"{prefix}*/{package.main_file}")
    depth = package.main_file.count("/")
    names = (path.parents[depth].name.removeprefix(prefix) for path in found)
    return package_index.sort_final(names, package.oldest)
