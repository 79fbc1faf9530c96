"""Totals: messages of workers and triage summed, and saved in the journal."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from finfuzz.campaign.journal import MOST_NOTES, Journal, rebuild
from finfuzz.campaign.journal_schema import open_read_only
from finfuzz.campaign.messages import Answer, Bucket, CorpusAddition, Progress, SightingCount
from finfuzz.campaign.plan import Lane
from finfuzz.campaign.totals import Totals
from finfuzz.generation.learning import Tally
from finfuzz.support.errors import UserError
from helpers.journals import change, query

BUCKET = Bucket("0123456789ab", "SIGABRT", "none", "filed", "", "/x", True, 7, 0.5, 3)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = Journal(tmp_path / "journal.sqlite")
    with journal.writing():
        journal.add_lanes([Lane("plain-c", "/python", "3.13.0")])
    return journal


def filled() -> Totals:
    totals = Totals(1)
    lane = totals.lanes[0]
    lane.running[0] = Progress(executions=10, seconds=2.0, took=(5, 4, 3), early=2, unstable=1)
    lane.running[1] = Progress(executions=5, seconds=1.0, took=(1, 1, 1), floor_seconds=0.002)
    lane.update_libfuzzer(0, {"corp": 12, "ft": 340})
    lane.update_tallies(0, (Tally("mutator", "insert", 4, 1, 0, 1.5),))
    assert lane.add_signature("a" * 16, 7, 0.5)
    assert not lane.add_signature("a" * 16, 9, 0.9)
    lane.add_sightings((SightingCount("a" * 16, ("sys",), 3),))
    lane.mark_triaged("a" * 16)
    lane.mark_recorded((SightingCount("a" * 16, ("sys",), 2),))
    lane.add_answer(Answer(0, (BUCKET,), 0, 0.1, agreed=False))
    totals.add_program(0, CorpusAddition("f" * 40, 3, 17, ("insert", "delete")))
    totals.add_note("something happened")
    return totals


def test_each_worker_is_tallied_once() -> None:
    """The tallies of those that still ran were added whenever another ended."""
    lane = Totals(1).lanes[0]
    for _ in range(3):
        for slot in range(3):
            lane.update_tallies(slot, (Tally("mutator", "insert", 100, 0, 0, 1.0),))
        for slot in range(3):
            lane.finish_worker(slot)
    (tally,) = lane.tallies
    assert tally.tried == 900


def test_workers_add_up_while_they_run_and_when_they_are_gone() -> None:
    totals = filled()
    lane = totals.lanes[0]
    before = lane.total
    assert (before.executions, before.took, before.early) == (15, (6, 5, 4), 2)
    assert before.floor_seconds == 0.002
    lane.finish_worker(0)
    assert lane.total == before
    lane.running[0] = Progress(executions=1)
    assert lane.total.executions == 16
    lane.update_tallies(0, (Tally("mutator", "insert", 2, 0, 0, 1.2),))
    (tally,) = lane.tallies
    assert (tally.tried, tally.features, tally.weight) == (6, 1, 1.2)


def test_triage_tells_what_is_new_and_the_first_time_stays_the_first() -> None:
    lane = filled().lanes[0]
    later = Bucket("0123456789ab", "SIGABRT", "none", "filed", "", "/y", False, 99, 9.0, 2)
    lane.add_answer(Answer(0, (later,), 0, 0.1))
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
    ((name, features, mutators),) = query(
        journal.path, "SELECT name, features, mutators FROM programs"
    )
    assert (name, features, mutators) == ("f" * 40, 17, "insert delete")
    ((line,),) = query(journal.path, "SELECT line FROM notes")
    assert line == "something happened"
    assert len(query(journal.path, "SELECT * FROM samples")) == 1


def test_a_journal_of_an_earlier_finfuzz_gets_the_column_that_it_lacks(journal: Journal) -> None:
    filled().flush(journal, sample=True)
    journal.close()
    change(journal.path, "ALTER TABLE lanes DROP COLUMN early")
    again = Totals(1)
    again.load(Journal(journal.path))
    assert (again.lanes[0].total.executions, again.lanes[0].total.early) == (15, 0)


def test_only_what_changed_is_written_again(journal: Journal) -> None:
    totals = filled()
    totals.flush(journal, sample=False)
    change(journal.path, "DELETE FROM signatures")
    totals.flush(journal, sample=False)
    assert query(journal.path, "SELECT * FROM signatures") == []
    totals.lanes[0].add_sightings((SightingCount("a" * 16, (), 1),))
    totals.flush(journal, sample=False)
    ((sightings,),) = query(journal.path, "SELECT sightings FROM signatures")
    assert sightings == 4


def test_a_flush_that_fails_is_all_there_with_the_next(journal: Journal) -> None:
    totals = filled()
    change(journal.path, "ALTER TABLE notes RENAME TO elsewhere")
    with pytest.raises(UserError, match=r"can.t write .*: no such table"):
        totals.flush(journal, sample=True)
    assert query(journal.path, "SELECT * FROM signatures") == []  # nothing of it
    change(journal.path, "ALTER TABLE elsewhere RENAME TO notes")
    totals.flush(journal, sample=True)
    for table in ("signatures", "buckets", "programs", "notes", "samples"):
        assert len(query(journal.path, f"SELECT * FROM {table}")) == 1


def test_notes_are_bounded(journal: Journal) -> None:
    with journal.writing():
        for number in range(MOST_NOTES + 50):
            journal.add_note(str(number))
    rows = query(journal.path, "SELECT line FROM notes ORDER BY rowid")
    assert (len(rows), rows[0][0]) == (MOST_NOTES, "50")


def test_it_can_be_read_while_it_is_written(journal: Journal, tmp_path: Path) -> None:
    reader = open_read_only(tmp_path / "journal.sqlite")
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
        open_read_only(path)


def test_where_there_is_none_it_is_said() -> None:
    with pytest.raises(UserError, match="is that the state folder of a campaign"):
        open_read_only(Path("/nowhere/journal.sqlite"))


def test_a_damaged_one_is_kept_and_made_anew_from_the_files(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"rubbish" * 400)
    program = tmp_path / f"{'e' * 40}.fin"
    program.write_text("finfuzz 1\n")
    journal = rebuild(path, [program], [(0, "a" * 16)])
    assert (tmp_path / "damaged-journal.sqlite").read_bytes() == b"rubbish" * 400
    assert query(journal.path, "SELECT name FROM programs") == [("e" * 40,)]
    rows = query(journal.path, "SELECT lane, signature, triaged FROM signatures")
    assert rows == [(0, "a" * 16, 0)]
