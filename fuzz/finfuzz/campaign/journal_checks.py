"""Checks of a journal that somebody else may have written: its file, its tables and its rows.

SQLite keeps any value in any column, and a view may compute for ever.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from finfuzz.support.errors import UserError
from finfuzz.support.reading import require_regular, shorten

#: SQLite reads and writes these beside a database.
_BESIDE = ("", "-wal", "-shm", "-journal")
#: Rows of a table; `samples` and `resources`, which are thinned when read, grow with time.
_MOST_ROWS = 200_000
_GROWING = ("samples", "resources")
_TIMES = ("time", "began", "ended")
_NEVER = 253402300800.0  # the year 10000, which `gmtime` can't format
_MOST_LANES = 1000
#: No count and no size reaches 2**53, from which floats skip integers.
_MOST = float(1 << 53)
_TEXTS = frozenset(
    (
        *("target", "python", "sort", "name", "mutators", "bucket", "signal", "diagnostic"),
        *("state", "title", "path", "line", "process"),
        *("kernel", "architecture", "processor", "pythons"),
    )
)
#: A signature names a file.
SIGNATURE = re.compile(r"[0-9a-z]{1,64}")
#: Columns whose absence has a meaning, or which a rebuilt journal lacks.
_OPTIONAL = frozenset(
    (
        *("ended", "floor_seconds", "corpus", "features", "execution", "seconds", "weight", "mean"),
        *("signal", "diagnostic", "title", "path", "deaths", "findings", "processes"),
        *("memory_mib", "supervisor_mib", "worker_mib", "triage_mib", "disk_mib"),
        *("compared", "disagreed", "memory", "supervisor", "worker", "triage", "load", "disk"),
    )
)


class DamagedError(UserError):
    """The journal is no journal, or has rows that finfuzz never writes."""


def check_files(path: Path) -> None:
    """Raise UserError unless the journal and the files beside it are regular files, or absent."""
    for end in _BESIDE:
        file = path.with_name(path.name + end)
        if file.exists() or file.is_symlink():
            require_regular(file, "the journal")


def check_tables(database: sqlite3.Connection, path: Path, tables: Iterable[str]) -> None:
    """Raise DamagedError for anything but plain tables of a bounded size."""
    for kind, name, text in database.execute("SELECT type, name, sql FROM sqlite_master"):
        made = str(text or "").split("(")[0].upper().split()
        plain = kind == "table" and made[:2] == ["CREATE", "TABLE"] and "AS" not in made
        if not plain and (kind, text) != ("index", None):  # of a primary key
            raise DamagedError(f"{path} is damaged: it has a {kind} {shorten(str(name))!r}")
        quoted = '"{}"'.format(str(name).replace('"', '""'))
        if plain and any(row[6] for row in database.execute(f"PRAGMA table_xinfo({quoted})")):
            raise DamagedError(f"{path} is damaged: {shorten(str(name))!r} has computed columns")
    for table in tables:
        beyond = f"SELECT 1 FROM {table} LIMIT 1 OFFSET {_MOST_ROWS}"
        if table not in _GROWING and database.execute(beyond).fetchone():
            raise DamagedError(f"{path} is damaged: more than {_MOST_ROWS} rows in {table}")


def check_rows(rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    """Raise DamagedError for a value that its column never has."""
    for row in rows:
        for name, value in row.items():
            if not _is_possible(name, value):
                found = shorten(repr(value))
                raise DamagedError(f"{path} is damaged: it has {found} as {name!r}")


def _is_possible(name: str, value: object) -> bool:
    if value is None:
        return name in _OPTIONAL
    if name in _TEXTS:
        return isinstance(value, str)
    if name == "signature":
        return isinstance(value, str) and SIGNATURE.fullmatch(value) is not None
    if not isinstance(value, int | float):
        return False
    if name in ("lane", "id"):
        return isinstance(value, int) and 0 <= value < _MOST_LANES
    return 0 <= value <= (_NEVER if name in _TIMES else _MOST)
