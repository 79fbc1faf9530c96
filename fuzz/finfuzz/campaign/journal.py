"""A campaign's journal: one SQLite file that says what happened when.

The supervisor alone writes it, a transaction a second at most; anybody may read it meanwhile (WAL).
What lies in files is the truth (programs, sightings, findings): ``rebuilt`` indexes them anew where
the journal is lost or damaged, and only the history of rates is gone then.

It grows by one row of ``samples`` a lane and one of ``machine`` each SAMPLE_SECONDS: 1 MB a day and
lane. Looks and notes are bounded.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from finfuzz.support.errors import UserError

SCHEMA_VERSION = 2
#: How often a row of history is written.
SAMPLE_SECONDS = 10.0
REBUILT = "the journal was made anew from the campaign's files: its history is lost"
#: Lines kept of what was announced; the oldest go.
MOST_NOTES = 2000

# Times are seconds since the epoch; counts run from the campaign's beginning, resumes included.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS lanes (
    id INTEGER PRIMARY KEY, target TEXT, python TEXT, share REAL,
    executions INTEGER DEFAULT 0,    -- by all workers of the lane
    seconds REAL DEFAULT 0,          -- that workers fuzzed it, added up
    child_seconds REAL DEFAULT 0,    -- of them, in children
    mutation_seconds REAL DEFAULT 0, -- of them, making programs
    steps_effective INTEGER DEFAULT 0, steps_skipped INTEGER DEFAULT 0,
    steps_raised INTEGER DEFAULT 0,
    touched INTEGER DEFAULT 0,       -- executions that ran code of the extension
    deaths INTEGER DEFAULT 0,
    zygotes_replaced INTEGER DEFAULT 0,
    floor_seconds REAL,              -- of a bare child, the last median
    corpus INTEGER, features INTEGER, -- as libFuzzer counts them; NULL without it
    unstable INTEGER DEFAULT 0       -- counters that come and go, and do not steer
);
CREATE TABLE IF NOT EXISTS samples (
    time REAL, lane INTEGER, seconds REAL, executions INTEGER, corpus INTEGER, features INTEGER,
    deaths INTEGER, findings INTEGER
);
CREATE TABLE IF NOT EXISTS machine (
    time REAL, workers INTEGER, load REAL, memory_mib REAL, supervisor_mib REAL, worker_mib REAL,
    triage_mib REAL, disk_mib REAL, processes INTEGER
);
CREATE TABLE IF NOT EXISTS runs (began REAL PRIMARY KEY, ended REAL, seconds REAL DEFAULT 0);
CREATE TABLE IF NOT EXISTS tallies (
    lane INTEGER, sort TEXT, name TEXT, tried INTEGER, features INTEGER, signatures INTEGER,
    weight REAL, PRIMARY KEY (lane, sort, name)  -- sort: mutator or step
);
CREATE TABLE IF NOT EXISTS programs (
    name TEXT PRIMARY KEY, lane INTEGER, time REAL, execution INTEGER, features INTEGER,
    mutators TEXT
);
CREATE TABLE IF NOT EXISTS signatures (
    lane INTEGER, signature TEXT, time REAL, execution INTEGER, seconds REAL, sightings INTEGER,
    counted INTEGER DEFAULT 0,       -- of them, in finding.json
    sorted INTEGER DEFAULT 0,        -- whether triage has said what it is
    PRIMARY KEY (lane, signature)
);
CREATE TABLE IF NOT EXISTS buckets (
    lane INTEGER, bucket TEXT, signal TEXT, diagnostic TEXT, state TEXT, -- filed known unconfirmed
    title TEXT, path TEXT, new INTEGER, time REAL, execution INTEGER, seconds REAL,
    sightings INTEGER, PRIMARY KEY (lane, bucket)
);
CREATE TABLE IF NOT EXISTS comparisons (
    lane INTEGER PRIMARY KEY, compared INTEGER, disagreed INTEGER
);
CREATE TABLE IF NOT EXISTS notes (time REAL, line TEXT);
"""


class Journal:
    """Opened for writing. Raises UserError for a file that is damaged or of a newer finfuzz."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = _opened(path)

    def close(self) -> None:
        self._db.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing. Raises UserError where the disk says no."""
        try:
            with self._db:
                yield self._db
        except sqlite3.Error as error:
            raise UserError(f"can't write {self._path}: {error}") from error

    def execute(self, statement: str, *values: Any) -> None:
        """Within ``writing``."""
        self._db.execute(statement, values)

    def put(self, table: str, **values: Any) -> None:
        """Inserts a row, or replaces the one with its key. Within ``writing``."""
        columns = ", ".join(values)
        marks = ", ".join("?" * len(values))
        self._db.execute(
            f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})", list(values.values())
        )

    def note(self, line: str) -> None:
        """Keeps a line that was announced. Within ``writing``."""
        self.put("notes", time=time.time(), line=line)
        self._db.execute(
            "DELETE FROM notes WHERE rowid <= (SELECT max(rowid) FROM notes) - ?", [MOST_NOTES]
        )

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        return self._db.execute(query, values).fetchall()


def read_only(path: Path) -> sqlite3.Connection:
    """The journal for who looks at it, while it is written or later. Raises UserError."""
    if not path.is_file():
        raise UserError(f"no journal {path}: is that the state folder of a campaign?")
    try:
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        database.row_factory = sqlite3.Row
        _check(database, path)
    except sqlite3.Error as error:
        raise UserError(f"can't read {path}: {error}") from error
    return database


def _opened(path: Path) -> sqlite3.Connection:
    try:
        database = sqlite3.connect(path, timeout=30)
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA journal_mode = WAL")
        # A reboot may take the last second along, never the file.
        database.execute("PRAGMA synchronous = NORMAL")
        if database.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise UserError(f"{path} is damaged")
        if database.execute("PRAGMA user_version").fetchone()[0] == 0:
            database.executescript(_SCHEMA)
            database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        _check(database, path)
    except sqlite3.Error as error:
        raise UserError(f"can't open {path}: {error}") from error
    return database


def _check(database: sqlite3.Connection, path: Path) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version == 0:
        raise UserError(f"{path} is empty or damaged: `finfuzz run --resume` makes it anew")
    if version != SCHEMA_VERSION:
        raise UserError(
            f"{path} has schema version {version}, this finfuzz reads {SCHEMA_VERSION}: use the "
            "finfuzz that wrote it"
        )


def rebuilt(path: Path, programs: Iterable[Path], sightings: Iterable[tuple[int, str]]) -> Journal:
    """A new journal beside the damaged one, which is kept, from the files that it indexes.

    ``sightings``: lane and look of each that lies in the campaign's folder; they are sorted again.
    """
    for damaged in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        if damaged.exists():
            damaged.replace(damaged.with_name(f"damaged-{damaged.name}"))
    journal = Journal(path)
    with journal.writing():
        for program in programs:
            journal.put("programs", name=program.stem, time=program.stat().st_mtime)
        for lane, signature in sightings:
            counted = {"sightings": 1, "counted": 1}  # its finding knows of it
            journal.put("signatures", lane=lane, signature=signature, time=time.time(), **counted)
        journal.note(REBUILT)
    return journal
