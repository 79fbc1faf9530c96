"""Which part of triage may import which, read off the imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.places import ROOT

TRIAGE = ROOT / "fuzz" / "finfuzz" / "triage"
FOLDERS = sorted(path for path in TRIAGE.iterdir() if (path / "__init__.py").exists())
PIPELINE = {f"finfuzz.triage.{path.stem}" for path in TRIAGE.glob("*.py")} - {
    "finfuzz.triage.__init__"
}


def read_imports(folder: Path) -> Iterator[tuple[str, str]]:
    """The file and the full name of everything that a folder's modules import."""
    for path in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    yield path.name, f"{node.module}.{alias.name}"
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    yield path.name, alias.name


def find_imports(folder: Path, *modules: str) -> list[tuple[str, str]]:
    """The folder's imports of these modules, or of something in them."""
    return [
        (file, name)
        for file, name in read_imports(folder)
        if any(name == module or name.startswith(f"{module}.") for module in modules)
    ]


def test_the_pipeline_is_these_modules() -> None:
    assert {name.rpartition(".")[2] for name in PIPELINE} == {
        "sorter",
        "filer",
        "rekeying",
        "reproduction",
        "foresight",
        "minimizing",
        "confirm",
        "steady",
        "portable",
        "unwritten",
        "unconfirmed",
        "deferred",
        "pace",
        "stack",
    }


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_no_folder_imports_the_pipeline(folder: Path) -> None:
    assert find_imports(folder, *PIPELINE) == []


def test_findings_are_records_and_import_nothing_that_runs() -> None:
    runs = ("finfuzz.executor", "finfuzz.targets.build", "finfuzz.targets.compiler")
    others = (
        f"finfuzz.triage.{path.name}"
        for path in FOLDERS
        if path.name not in ("findings", "diagnosis")
    )
    assert find_imports(TRIAGE / "findings", *runs, *others) == []
