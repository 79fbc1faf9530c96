"""The package's layers: imports run downwards only, in no circle, and files stay small.

Imports are read from the sources, those within functions included.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from helpers.places import PACKAGE

#: The folders and the modules beside them, from top to bottom: each imports only from further down.
LAYERS = (
    *("__main__", "cli", "doctor", "report", "check", "replay", "campaign", "triage", "corpus"),
    *("discovery", "executor", "targets", "generation", "program", "support", "__init__"),
)
#: Nine of ten files are shorter.
MOST_LINES = 250


class Import(NamedTuple):
    """One import: the importing file, its line and the file that is imported."""

    source: Path
    line: int
    target: Path

    def __str__(self) -> str:
        source, target = (path.relative_to(PACKAGE) for path in (self.source, self.target))
        return f"{source}:{self.line} imports {target}"


@cache
def files() -> tuple[Path, ...]:
    return tuple(sorted(PACKAGE.rglob("*.py")))


def is_of_child(path: Path) -> bool:
    return path.is_relative_to(PACKAGE / "child")


def folders() -> list[Path]:
    """Return the folders of modules, within the package; `.` is the package itself."""
    return sorted({path.parent.relative_to(PACKAGE) for path in files() if not is_of_child(path)})


@cache
def imports() -> tuple[Import, ...]:
    return tuple(found for path in files() for found in imports_of(path))


def imports_of(path: Path) -> Iterator[Import]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for name in names_of(node):
            if (target := file_of(name)) is not None:
                yield Import(path, getattr(node, "lineno", 0), target)


def names_of(node: ast.AST) -> list[str]:
    """Return the dotted names that a statement may import: `from a import b` may mean `a.b`."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert not node.level, "imports are absolute"
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def file_of(name: str) -> Path | None:
    """Find the file of a module of ours, or of the module that defines the name."""
    first, *rest = name.split(".")
    if first != PACKAGE.name:
        return None
    for parts in (rest, rest[:-1]):
        place = PACKAGE.joinpath(*parts)
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            if path.is_file() and path != PACKAGE / "__init__.py":
                return path
        if place.is_dir() and place != PACKAGE:
            return place / "__init__.py"  # a folder of modules, without code of its own
    return PACKAGE / "__init__.py"


def layer(path: Path) -> int:
    return LAYERS.index(path.relative_to(PACKAGE).parts[0].removesuffix(".py"))


def test_imports_are_found_wherever_they_are() -> None:
    source = """
import finfuzz.cli
def function():
    from finfuzz.support import errors, files
    from finfuzz.support.errors import UserError
    from finfuzz.triage import minimize
    import os
"""
    found = [file_of(name) for node in ast.walk(ast.parse(source)) for name in names_of(node)]
    places = [str(path.relative_to(PACKAGE)) for path in found if path]
    support = ["support/errors.py", "support/files.py", "support/errors.py"]
    assert places == ["cli/__init__.py", *support, "triage/minimize/__init__.py"]


def test_every_file_has_its_layer() -> None:
    firsts = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in files()}
    assert firsts == {*LAYERS, "child"}


def test_no_import_goes_upwards() -> None:
    wrong = [
        str(one)
        for one in imports()
        if not is_of_child(one.source) and layer(one.target) < layer(one.source)
    ]
    assert wrong == []


def test_nobody_imports_child_and_child_imports_nothing() -> None:
    wrong = [one for one in imports() if is_of_child(one.target) or is_of_child(one.source)]
    assert list(map(str, wrong)) == []


def test_the_folders_of_triage_do_not_import_its_pipeline() -> None:
    pipeline = PACKAGE / "triage"
    wrong = [
        str(one)
        for one in imports()
        if one.target.parent == pipeline and one.source.parent.is_relative_to(pipeline)
        if one.source.parent != pipeline
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", folders(), ids=str)
def test_no_circle_in_a_folder(folder: Path) -> None:
    """Check a folder's entries, files and folders, each folder as one with all that it holds."""
    edges = edges_between_entries(PACKAGE / folder)
    wrong = [f"{a} and {b}" for a in edges for b in edges if a < b]
    assert [pair for pair in wrong if is_circle(edges, *pair.split(" and "))] == []


def edges_between_entries(folder: Path) -> dict[str, set[str]]:
    edges: dict[str, set[str]] = {}
    for one in imports():
        if one.source.is_relative_to(folder) and one.target.is_relative_to(folder):
            source, target = (
                path.relative_to(folder).parts[0] for path in (one.source, one.target)
            )
            if source != target:
                edges.setdefault(source, set()).add(target)
    return edges


def is_circle(edges: dict[str, set[str]], one: str, other: str) -> bool:
    return other in reach(edges, one) and one in reach(edges, other)


def reach(edges: dict[str, set[str]], start: str) -> set[str]:
    """Return all entries that an entry imports, directly or by way of others."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = edges.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def test_nine_of_ten_files_are_small() -> None:
    lengths = sorted(len(path.read_text(encoding="utf-8").splitlines()) for path in files())
    assert lengths[len(lengths) * 9 // 10] < MOST_LINES
