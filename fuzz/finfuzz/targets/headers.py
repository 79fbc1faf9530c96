"""Fetch a framework's headers into the cache, once per release."""

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
from finfuzz.targets.frameworks.framework import HeaderPackage


def list_releases(package: HeaderPackage) -> list[str]:
    """List a package's final releases from its oldest on, newest first; never empty.

    Without the package index, list the releases whose headers are in the cache. Raise UserError if
    there are none, or if this Python has no pip.
    """
    if versions := package_index.list_versions(package) or _list_cached(package):
        return list(versions)
    raise UserError(
        f"the package index can't be reached to look up {package.name}'s releases and none is "
        f"cached yet: connect, or give a checkout: {package.name}@PATH"
    )


def fetch_headers(package: HeaderPackage, version: str) -> Path:
    """Return the include folder of a release. Raise UserError if it can't be fetched."""
    folder = find_cache() / "headers"
    include = folder / f"{package.name}-{version}"
    if (include / package.main_header).is_file():
        return include
    folder.mkdir(exist_ok=True)
    with FileLock(f"{include}.lock"):
        if not (include / package.main_header).is_file():
            _fetch(package, version, include)
    return include


def read_mark(package: HeaderPackage, version: str) -> str:
    """Read the text that an extension made with a release has in its file; empty if unknown.

    Raise UserError if the release can't be fetched.
    """
    if package.mark is None:
        return ""
    header, pattern, text = package.mark
    found = re.search(pattern, (fetch_headers(package, version) / header).read_text("utf-8"))
    return text.format(found[1]) if found else ""


def find_headers(package: HeaderPackage, path: Path) -> Path:
    """Return the include folder of a checkout, or ``path`` itself if it is one.

    Raise UserError if neither holds the framework's headers.
    """
    for include in (path / package.checkout_include, path):
        if (include / package.main_header).is_file():
            return include
    header, name = package.main_header, package.name
    raise UserError(
        f"target {name}@{path}: neither {package.checkout_include}/{header} nor {header} is in "
        f"there: give a {name} checkout or its include folder"
    )


def _fetch(package: HeaderPackage, version: str, include: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=include.parent) as scratch:
        wheel = package_index.download_wheel(package, version, Path(scratch))
        if isinstance(wheel, str):
            raise UserError(f"target {package.name}=={version}: {wheel}")
        with zipfile.ZipFile(wheel) as archive:
            prefix = f"{package.wheel_include}/{package.folder}/"
            wanted = [name for name in archive.namelist() if name.startswith(prefix)]
            archive.extractall(scratch, wanted)
        shutil.rmtree(include, ignore_errors=True)  # half deleted by hand: rename needs it gone
        os.rename(Path(scratch, package.wheel_include), include)


def _list_cached(package: HeaderPackage) -> tuple[str, ...]:
    prefix = f"{package.name}-"
    found = (find_cache() / "headers").glob(f"{prefix}*/{package.main_header}")
    depth = package.main_header.count("/")
    names = (path.parents[depth].name.removeprefix(prefix) for path in found)
    return package_index.sort_final(names, package.oldest)
