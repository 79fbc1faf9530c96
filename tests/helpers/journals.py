"""Queries of tests on a campaign's journal."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any


def query(path: Path, statement: str) -> list[tuple[Any, ...]]:
    """Run a query on a journal, which may be in use."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
    with closing(database):
        return database.execute(statement).fetchall()


def change(path: Path, statement: str) -> None:
    """Run a statement that changes a journal."""
    database = sqlite3.connect(path, timeout=30)
    with closing(database), database:
        database.execute(statement)
