"""What workers and triage tell, added up; and the journal that keeps it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from finfuzz.campaign.journal import MOST_NOTES, Journal, read_only, rebuilt
from finfuzz.campaign.messages import Answer, Bucket, Count, Kept, Progress
from finfuzz.campaign.totals import Totals
from finfuzz.generation.learning import Tally
from finfuzz.support.errors import UserError

BUCKET = Bucket("0123456789ab", "SIGABRT", "none", "filed", "", "/x", True, 7, 0.5, 3)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = Journal(tmp_path / "journal.sqlite")
    with journal.writing():
        journal.put("lanes", id=0, target="plain-c", python="3.13.0", share=1.0)
    return journal


def filled() -> Totals:
    totals = Totals(1)
    lane = totals.lanes[0]
    lane.running[0] = Progress(executions=10, seconds=2.0, took=(5, 4, 3), deaths=2, unstable=1)
    lane.running[1] = Progress(executions=5, seconds=1.0, took=(1, 1, 1), floor_seconds=0.002)
    lane.libfuzzer(0, {"corp": 12, "ft": 340})
    lane.learns(0, (Tally("mutator", "insert", 4, 1, 0, 1.5),))
    assert lane.signature("a" * 16, 7, 0.5)
    assert not lane.signature("a" * 16, 9, 0.9)
    lane.count((Count("a" * 16, ("sys",), 3),))
    lane.sorted("a" * 16)
    lane.counted((Count("a" * 16, ("sys",), 2),))
    lane.answered(Answer(0, (BUCKET,), 0, 0.1, agreed=False))
    totals.keep(0, Kept("f" * 40, 3, 17, ("insert", "delete")))
    totals.note("something happened")
    return totals


def test_workers_add_up_while_they_run_and_when_they_are_gone() -> None:
    totals = filled()
    lane = totals.lanes[0]
    before = lane.total
    assert (before.executions, before.took, before.deaths) == (15, (6, 5, 4), 2)
    assert before.floor_seconds == 0.002
    lane.settle(0)
    assert lane.total == before
    lane.running[0] = Progress(executions=1)
    assert lane.total.executions == 16
    lane.learns(0, (Tally("mutator", "insert", 2, 0, 0, 1.2),))
    (tally,) = lane.tallies
    assert (tally.tried, tally.features, tally.weight) == (6, 1, 1.2)


def test_triage_tells_what_is_new_and_the_first_time_stays_the_first() -> None:
    lane = filled().lanes[0]
    later = Bucket("0123456789ab", "SIGABRT", "none", "filed", "", "/y", False, 99, 9.0, 2)
    lane.answered(Answer(0, (later,), 0, 0.1))
    bucket = lane.buckets["0123456789ab"]
    assert (bucket.sightings, bucket.execution, bucket.seconds) == (5, 7, 0.5)
    assert (bucket.path, bucket.new) == ("/y", True)
    assert (lane.compared, lane.disagreed) == (1, 1)


def test_what_is_flushed_is_where_the_next_supervisor_goes_on(journal: Journal) -> None:
    totals = filled()
    totals.flush(journal, sample=True)
    again = Totals(1)
    again.load(journal)
    old, new = totals.lanes[0], again.lanes[0]
    assert new.total == old.total
    assert (new.corpus, new.features) == (12, 340)
    assert new.tallies == old.tallies
    assert new.signatures == old.signatures
    assert new.buckets == old.buckets
    assert (new.compared, new.disagreed) == (1, 1)
    ((name, features, mutators),) = journal.rows("SELECT name, features, mutators FROM programs")
    assert (name, features, mutators) == ("f" * 40, 17, "insert delete")
    ((line,),) = journal.rows("SELECT line FROM notes")
    assert line == "something happened"
    assert len(journal.rows("SELECT * FROM samples")) == 1


def test_only_what_changed_is_written_again(journal: Journal) -> None:
    totals = filled()
    totals.flush(journal, sample=False)
    with journal.writing():
        journal.execute("DELETE FROM looks")
    totals.flush(journal, sample=False)
    assert journal.rows("SELECT * FROM looks") == []
    totals.lanes[0].count((Count("a" * 16, (), 1),))
    totals.flush(journal, sample=False)
    ((sightings,),) = journal.rows("SELECT sightings FROM looks")
    assert sightings == 4


def test_a_flush_that_fails_is_all_there_with_the_next(journal: Journal) -> None:
    totals = filled()
    with journal.writing():
        journal.execute("ALTER TABLE notes RENAME TO elsewhere")
    with pytest.raises(UserError, match=r"can.t write .*: no such table"):
        totals.flush(journal, sample=True)
    assert journal.rows("SELECT * FROM looks") == []  # nothing of it
    with journal.writing():
        journal.execute("ALTER TABLE elsewhere RENAME TO notes")
    totals.flush(journal, sample=True)
    for table in ("signatures", "buckets", "programs", "notes", "samples"):
        assert len(journal.rows(f"SELECT * FROM {table}")) == 1


def test_notes_are_bounded(journal: Journal) -> None:
    with journal.writing():
        for number in range(MOST_NOTES + 50):
            journal.note(str(number))
    rows = journal.rows("SELECT line FROM notes ORDER BY rowid")
    assert (len(rows), rows[0][0]) == (MOST_NOTES, "50")


def test_it_can_be_read_while_it_is_written(journal: Journal, tmp_path: Path) -> None:
    reader = read_only(tmp_path / "journal.sqlite")
    filled().flush(journal, sample=True)
    ((executions,),) = reader.execute("SELECT executions FROM lanes").fetchall()
    assert executions == 15
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM lanes")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"this is no database, and long enough to be looked at" * 40, "file is not a database"),
        (None, "schema version 99"),
    ],
)
def test_one_that_is_damaged_or_newer_is_said_so(
    content: bytes | None, complaint: str, tmp_path: Path
) -> None:
    path = tmp_path / "journal.sqlite"
    if content is None:
        database = sqlite3.connect(path)
        database.execute("PRAGMA user_version = 99")
        database.close()
    else:
        path.write_bytes(content)
    with pytest.raises(UserError, match=complaint):
        Journal(path)
    with pytest.raises(UserError, match=complaint):
        read_only(path)


def test_where_there_is_none_it_is_said() -> None:
    with pytest.raises(UserError, match="is that the state folder of a campaign"):
        read_only(Path("/nowhere/journal.sqlite"))


def test_a_damaged_one_is_kept_and_made_anew_from_the_files(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"rubbish" * 400)
    program = tmp_path / f"{'e' * 40}.fin"
    program.write_text("finfuzz 1\n")
    journal = rebuilt(path, [program], [(0, "a" * 16)])
    assert (tmp_path / "damaged-journal.sqlite").read_bytes() == b"rubbish" * 400
    assert [row["name"] for row in journal.rows("SELECT name FROM programs")] == ["e" * 40]
    ((lane, signature, is_sorted),) = journal.rows("SELECT lane, look, sorted FROM looks")
    assert (lane, signature, is_sorted) == (0, "a" * 16, 0)
