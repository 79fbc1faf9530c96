"""The journal's tables, and how its file is opened and checked."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from urllib.parse import quote

from finfuzz.campaign.journal_checks import DamagedError, check_files, check_tables
from finfuzz.support.errors import UserError

SCHEMA_VERSION = 2

# Times are seconds since the epoch; counts run from the campaign's beginning, resumes included.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS lanes (
    id INTEGER PRIMARY KEY, target TEXT, python TEXT, share REAL,
    executions INTEGER DEFAULT 0,    -- by all workers of the lane
    seconds REAL DEFAULT 0,          -- that workers fuzzed the lane, summed over workers
    child_seconds REAL DEFAULT 0,    -- of them, in children
    mutation_seconds REAL DEFAULT 0, -- of them, making programs
    steps_effective INTEGER DEFAULT 0, steps_skipped INTEGER DEFAULT 0,
    steps_raised INTEGER DEFAULT 0,
    touched INTEGER DEFAULT 0,       -- executions that ran code of the extension
    deaths INTEGER DEFAULT 0,
    early INTEGER DEFAULT 0,         -- programs whose process ended by itself before they did
    zygotes_replaced INTEGER DEFAULT 0,
    floor_seconds REAL,              -- cost of a bare child, the last median
    corpus INTEGER, features INTEGER, -- as libFuzzer counts them; NULL without libFuzzer
    unstable INTEGER DEFAULT 0       -- counters that differ between runs, and do not steer
);
CREATE TABLE IF NOT EXISTS samples (
    time REAL, lane INTEGER, seconds REAL, executions INTEGER, corpus INTEGER, features INTEGER,
    deaths INTEGER, findings INTEGER
);
CREATE TABLE IF NOT EXISTS resources (
    time REAL, workers INTEGER, load REAL, memory_mib REAL, supervisor_mib REAL, worker_mib REAL,
    triage_mib REAL, disk_mib REAL, processes INTEGER
);
CREATE TABLE IF NOT EXISTS runs (began REAL PRIMARY KEY, ended REAL);
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
    recorded INTEGER DEFAULT 0,      -- of them, in finding.json
    triaged INTEGER DEFAULT 0,       -- whether triage has diagnosed the first program
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
# Tables that only a campaign on a cluster fills; a journal of finfuzz 0.7 lacks them.
_CLUSTER_SCHEMA = """
CREATE TABLE IF NOT EXISTS nodes (
    name TEXT PRIMARY KEY,
    workers INTEGER,                 -- that it has now
    executions INTEGER,
    seconds REAL,                    -- that its workers fuzzed, summed over workers
    floor_seconds REAL,              -- cost of a bare child there, the last median
    cores INTEGER, kernel TEXT, architecture TEXT, processor TEXT,
    pythons TEXT                     -- versions, apart by spaces
);
CREATE TABLE IF NOT EXISTS batches (
    process TEXT PRIMARY KEY,        -- of a worker on a node
    number INTEGER                   -- its last batch that is in the counts
);
"""


_TABLES = tuple(re.findall(r"TABLE IF NOT EXISTS (\w+)", _SCHEMA))


class OtherVersionError(UserError):
    """The journal was written by a finfuzz with another schema."""


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open a journal, or create one. Raises UserError for a damaged file or another schema."""
    check_files(path)
    try:
        database = sqlite3.connect(path, timeout=30)
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA journal_mode = WAL")
        # A reboot may lose the last second, never the file.
        database.execute("PRAGMA synchronous = NORMAL")
        if database.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise DamagedError(f"{path} is damaged")
        if database.execute("PRAGMA user_version").fetchone()[0] == 0:
            database.executescript(_SCHEMA)
            database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        _check_version(database, path)
        database.executescript(_CLUSTER_SCHEMA)
        _add_early(database)
        check_tables(database, path, _TABLES)
    except sqlite3.Error as error:
        raise UserError(f"can't open {path}: {error}") from error
    return database


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a journal that may be in use. Raises UserError for a missing or damaged file."""
    if not path.is_file():
        raise UserError(f"no journal {path}: is that the state folder of a campaign?")
    check_files(path)
    try:
        # `?`, `#` and `%` have a meaning in a URI.
        database = sqlite3.connect(f"file:{quote(bytes(path))}?mode=ro", uri=True)
        database.row_factory = sqlite3.Row
        _check_version(database, path)
        check_tables(database, path, _TABLES)
    except sqlite3.Error as error:
        raise UserError(f"can't read {path}: {error}") from error
    return database


def _add_early(database: sqlite3.Connection) -> None:
    """Add the column that a journal of finfuzz 0.12 lacks."""
    columns = {row["name"] for row in database.execute("PRAGMA table_info(lanes)")}
    if columns and "early" not in columns:
        database.execute("ALTER TABLE lanes ADD COLUMN early INTEGER DEFAULT 0")


def _check_version(database: sqlite3.Connection, path: Path) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version == 0:
        raise UserError(f"{path} is empty or damaged: `finfuzz run --resume` rebuilds it")
    if version != SCHEMA_VERSION:
        raise OtherVersionError(
            f"{path} has schema version {version}, this finfuzz reads {SCHEMA_VERSION}: use the "
            "finfuzz that wrote it, or begin a new campaign, which starts from the same corpus"
        )
