"""Guards of two seams: where SQL is written, and where paths of a state folder are spelled."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from finfuzz.campaign.folder import StatePaths
from helpers.places import ROOT

PACKAGE = ROOT / "fuzz" / "finfuzz"
SQL = re.compile(
    r"\b(SELECT\b.+\bFROM|INSERT (OR \w+ )?INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE|PRAGMA)\b",
    re.DOTALL,
)
PATHS = StatePaths(Path("state"))
#: The names in a state folder. Below the package other folders may be called "corpus" or "tmp".
FILES = {PATHS.plan.name, PATHS.journal.name}
FOLDERS = {
    PATHS.campaign.name,
    PATHS.live.name,
    PATHS.scratch.name,
    PATHS.signatures(0).parent.name,
    PATHS.signatures_before.name,
    PATHS.corpus.name,
    PATHS.lock.name,
}


def sources() -> Iterator[Path]:
    for path in PACKAGE.rglob("*.py"):
        if "child" not in path.relative_to(PACKAGE).parts:  # knows nothing of campaigns
            yield path


def find_sql(tree: ast.Module) -> list[str]:
    """Find strings with SQL, and imports of sqlite3."""
    found = [text for text in strings(tree) if SQL.search(text)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(one.name == "sqlite3" for one in node.names):
            found.append("import sqlite3")
    return found


def find_paths(tree: ast.Module) -> list[str]:
    """Find the name of a file of a state folder, and `/ "folder"` for its folders."""
    found = [text for text in strings(tree) if text.rpartition("/")[2] in FILES]
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            names = [one.value for one in (node.left, node.right) if isinstance(one, ast.Constant)]
            found += [name for name in names if set(str(name).split("/")) & FOLDERS]
    return found


def strings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize(
    ("find", "home"),
    [(find_sql, "campaign/journal*.py"), (find_paths, "campaign/folder.py")],
    ids=["SQL", "paths"],
)
def test_it_is_written_in_its_home_only(find, home: str) -> None:  # type: ignore[no-untyped-def]
    elsewhere = {}
    at_home = []
    for path in sources():
        found = find(ast.parse(path.read_text(encoding="utf-8")))
        if path.relative_to(PACKAGE).match(home):
            at_home += found
        elif found:
            elsewhere[str(path.relative_to(PACKAGE))] = found
    assert elsewhere == {}
    assert at_home  # or the search finds nothing at all
