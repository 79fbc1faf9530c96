"""Tell a framework's checkout from a project that merely has a copy of its files."""

from __future__ import annotations

import configparser
import contextlib
import re
import tomllib
from pathlib import Path
from typing import Any

from finfuzz.support.errors import UserError
from finfuzz.support.reading import read_bounded
from finfuzz.targets.frameworks.framework import ReleasePackage
from finfuzz.targets.packages.recipe import normalize

#: Build files that say which project a folder has; larger ones are no such files.
_LARGEST = 1 << 20
_CMAKE = re.compile(r"^\s*project\s*\(\s*\"?([A-Za-z][\w.-]*)", re.IGNORECASE | re.MULTILINE)


def describe_copy(package: ReleasePackage, path: Path, root: Path) -> tuple[str, ...]:
    """Say what is used of another project's copy of a framework; nothing of its own checkout.

    ``root``: of the framework's files in ``path``.
    """
    if not (project := find_other_project(package, path)):
        return ()
    return (
        f"{path} is {project}, which has a copy of {package.name}: only that copy is used, from "
        f"{root}, with an extension that finfuzz has for {package.name}. No code of {project} "
        f"runs: for its own extension, {point_to_module(project)}",
    )


def point_to_module(project: str) -> str:
    """Write the target that a project's own extension probably is."""
    return f"--target module:{normalize(project).replace('-', '_')}"


def find_other_project(package: ReleasePackage, path: Path) -> str:
    """Find the name of the project in a folder; empty where it is the framework, or unknown."""
    names = [name for name in _list_names(path) if name]
    if not names or package.name in map(normalize, names):
        return ""
    return names[0]


def _list_names(path: Path) -> list[str]:
    """List the names that a project's build files give it."""
    cmake = _CMAKE.search(_read(path / "CMakeLists.txt"))
    return [
        *_read_pyproject(_read(path / "pyproject.toml")),
        _read_setup(_read(path / "setup.cfg")),
        cmake[1] if cmake else "",
    ]


def _read(file: Path) -> str:
    with contextlib.suppress(UserError):
        return read_bounded(file, _LARGEST, "a build file").decode(errors="replace")
    return ""


def _read_pyproject(text: str) -> list[str]:
    with contextlib.suppress(tomllib.TOMLDecodeError, RecursionError):
        table = tomllib.loads(text)
        places = table.get("project"), _get(table.get("tool"), "poetry")
        return [str(_get(place, "name") or "") for place in places]
    return []


def _get(table: Any, key: str) -> Any:
    return table.get(key) if isinstance(table, dict) else None


def _read_setup(text: str) -> str:
    parser = configparser.RawConfigParser()
    with contextlib.suppress(configparser.Error):
        parser.read_string(text)
        return parser.get("metadata", "name", fallback="")
    return ""
