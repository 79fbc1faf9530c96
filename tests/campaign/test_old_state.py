"""A state folder of the version before (schema 1 of its journal): refused, with one clear line.

The tables are those that finfuzz 0.1 wrote, and the plan is one of its plans.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from finfuzz.campaign.folder import State
from helpers.campaigns import PLAN

PROGRAM = "finfuzz 1\nnode a list\n"
SCHEMA_1 = """
CREATE TABLE lanes (
    id INTEGER PRIMARY KEY, target TEXT, python TEXT, share REAL, executions INTEGER DEFAULT 0,
    seconds REAL DEFAULT 0, child_seconds REAL DEFAULT 0, mutation_seconds REAL DEFAULT 0,
    steps_effective INTEGER DEFAULT 0, steps_skipped INTEGER DEFAULT 0,
    steps_raised INTEGER DEFAULT 0, touched INTEGER DEFAULT 0, deaths INTEGER DEFAULT 0,
    zygotes_replaced INTEGER DEFAULT 0, floor_seconds REAL, corpus INTEGER, features INTEGER,
    unstable INTEGER DEFAULT 0
);
CREATE TABLE samples (
    time REAL, lane INTEGER, seconds REAL, executions INTEGER, corpus INTEGER, features INTEGER,
    deaths INTEGER, findings INTEGER
);
CREATE TABLE machine (
    time REAL, workers INTEGER, load REAL, memory_mib REAL, supervisor_mib REAL, worker_mib REAL,
    triage_mib REAL, disk_mib REAL, processes INTEGER
);
CREATE TABLE runs (began REAL PRIMARY KEY, ended REAL, seconds REAL DEFAULT 0);
CREATE TABLE yields (
    lane INTEGER, sort TEXT, name TEXT, tried INTEGER, features INTEGER, looks INTEGER,
    weight REAL, PRIMARY KEY (lane, sort, name)
);
CREATE TABLE programs (
    name TEXT PRIMARY KEY, lane INTEGER, time REAL, execution INTEGER, features INTEGER,
    mutators TEXT
);
CREATE TABLE looks (
    lane INTEGER, look TEXT, time REAL, execution INTEGER, seconds REAL, sightings INTEGER,
    counted INTEGER DEFAULT 0, sorted INTEGER DEFAULT 0, PRIMARY KEY (lane, look)
);
CREATE TABLE buckets (
    lane INTEGER, bucket TEXT, signal TEXT, diagnostic TEXT, state TEXT, title TEXT, path TEXT,
    new INTEGER, time REAL, execution INTEGER, seconds REAL, sightings INTEGER,
    PRIMARY KEY (lane, bucket)
);
CREATE TABLE comparisons (lane INTEGER PRIMARY KEY, compared INTEGER, disagreed INTEGER);
CREATE TABLE notes (time REAL, line TEXT);
INSERT INTO lanes (id, target, python, share, executions) VALUES (0, 'plain-c', '/p', 1.0, 345);
INSERT INTO runs VALUES (1795167000.0, 1795167005.0, 0.0);
PRAGMA user_version = 1;
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A state folder as it was before; the paths are spelled out, as they are not ours."""
    campaign = tmp_path / "state" / "campaign"
    (campaign / "sightings" / "0").mkdir(parents=True)
    (campaign / "sightings" / "0" / ("a" * 16)).write_bytes(b"")
    plan = {
        "lanes": [
            {"target": "plain-c", "python": "/p", "version": "3.13.0", "share": 1.0},
        ],
        "workers": 2,
        "seconds": 5.0,
        "engine": "atheris",
        "seed": 1005017960,
        "seeds": None,
        "crashes": str(tmp_path / "crashes"),
        "abuse": False,
        "attribute": True,
        "bounds": {
            "deadline": 2.0,
            "memory_mib": 2048,
            "total_memory_mib": 18079,
            "processes": 96,
            "disk_mib": 4096,
            "nice": 0,
            "cores": [],
        },
    }
    (campaign / "plan.json").write_text(json.dumps(plan, indent=2))
    with closing(sqlite3.connect(campaign / "journal.sqlite")) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(SCHEMA_1)
    (tmp_path / "state" / "corpus").mkdir()
    (tmp_path / "state" / "corpus" / "one.fin").write_text(PROGRAM)
    return tmp_path / "state"


def fail(folder: Path, *arguments: str) -> str:
    """Run a command that can't run; return the one line that it prints."""
    command = [sys.executable, "-m", "finfuzz", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    return line


def contents(folder: Path) -> dict[str, bytes]:
    """Read all files but SQLite's own."""
    return {
        str(path): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm", "lock"))
    }


@pytest.mark.parametrize(
    "command", [("run", "--trust", "--resume"), ("report",), ("serve",)], ids=" ".join
)
def test_it_is_refused_with_one_clear_line(command: tuple[str, ...], old: Path) -> None:
    before = contents(old)
    assert fail(old.parent, *command, str(old)) == (
        f"finfuzz: error: {old}/campaign/journal.sqlite has schema version 1, this finfuzz reads "
        "2: use the finfuzz that wrote it, or begin a new campaign, which starts from the same "
        "corpus"
    )
    assert contents(old) == before


def test_one_that_lost_its_journal_is_not_rebuilt(old: Path) -> None:
    """The first programs of its crashes would be lost without a word."""
    (old / "campaign" / "journal.sqlite").write_bytes(b"rubbish" * 1000)
    assert fail(old.parent, "run", "--trust", "--resume", str(old)) == (
        f"finfuzz: error: {old}/campaign was written by an earlier finfuzz, and its journal is "
        "lost: begin a new campaign, which starts from the same corpus"
    )


def test_a_new_campaign_starts_from_its_corpus(old: Path) -> None:
    state = State(old)
    state.begin(PLAN).close()
    assert state.fill_live(None) == 1
    assert len(list(old.glob("campaign-*/sightings/0/*"))) == 1
    state.close()
