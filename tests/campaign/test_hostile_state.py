"""A campaign's folder from somebody else: a plan and a journal of right form and wrong content."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from finfuzz.campaign.folder import State, StatePaths
from finfuzz.campaign.journal import REBUILT, Journal
from finfuzz.campaign.journal_checks import DamagedError
from finfuzz.report.page.data import read_campaign
from finfuzz.support.errors import UserError
from helpers.campaign_example import fill, journal_in, plan, state_with
from helpers.journals import change, query

PLANS: list[tuple[str, Callable[[dict[str, object]], object], str]] = [
    ("no lanes", lambda p: p.update(lanes=[]), "length >= 1"),
    ("a million workers", lambda p: p.update(workers=10**6), "<= 100000"),
    ("no worker", lambda p: p.update(workers=0), ">= 1"),
    ("no time", lambda p: p.update(seconds=0), ">= 0.1"),
    ("for ever", lambda p: p.update(seconds=1e300), "<= 1000000000"),
    ("a share of nothing", lambda p: p["lanes"][0].update(share=0), "> 0.0"),  # type: ignore[index]
    ("a null byte", lambda p: p.update(crashes="a\0b"), "matching regex"),
    ("no path", lambda p: p.update(crashes=""), "matching regex"),
    ("a negative core", lambda p: p["bounds"].update(cores=[-1]), ">= 0"),  # type: ignore[index]
    ("a negative niceness", lambda p: p["bounds"].update(nice=-20), ">= 0"),  # type: ignore[index]
    ("a deadline of a year", lambda p: p["bounds"].update(deadline=3e7), "<= 86400"),  # type: ignore[index]
    ("text for a number", lambda p: p.update(seed="7"), "Expected `int`, got `str`"),
    ("another engine", lambda p: p.update(engine="afl"), "Invalid enum value"),
]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    made = state_with(tmp_path / "state", plan(tmp_path / "crashes"))
    journal = journal_in(made)
    fill(journal, 20)
    journal.close()
    return made


@pytest.mark.parametrize(
    ("spoil", "complaint"), [one[1:] for one in PLANS], ids=[p[0] for p in PLANS]
)
def test_a_plan_of_wrong_content(
    spoil: Callable[[dict[str, object]], object], complaint: str, state: Path
) -> None:
    path = StatePaths(state).plan
    content = msgspec.json.decode(path.read_bytes())
    spoil(content)
    path.write_bytes(msgspec.json.encode(content))
    with pytest.raises(UserError, match=r"is damaged: .*begin a new campaign") as raised:
        StatePaths(state).load_plan()
    assert complaint in str(raised.value)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"[" * 200_000, "is damaged"),
        (b'{"crashes": "\\ud800"}', "is damaged"),
        (b"\xff\xfe", "is damaged"),
        (b" " * (2 << 20), "has at most"),
    ],
    ids=["deep", "surrogate", "no UTF-8", "large"],
)
def test_a_file_that_is_no_plan(content: bytes, complaint: str, state: Path) -> None:
    StatePaths(state).plan.write_bytes(content)
    with pytest.raises(UserError, match=complaint):
        StatePaths(state).load_plan()


@pytest.mark.parametrize("name", ["plan.json", "journal.sqlite", "journal.sqlite-wal"])
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(name: str, state: Path) -> None:
    path = StatePaths(state).campaign / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    with pytest.raises(UserError, match=r"is no regular file|no journal"):
        read_campaign(state)


#: Each leaves a file that SQLite finds in order.
ROWS = [
    "UPDATE lanes SET executions = 'many'",
    "UPDATE lanes SET seconds = x'00ff'",
    "UPDATE lanes SET seconds = 9e999",
    "UPDATE lanes SET executions = -1",
    "UPDATE lanes SET executions = 9223372036854775807",
    "UPDATE lanes SET executions = NULL",
    "UPDATE samples SET time = NULL",
    "UPDATE samples SET lane = 10000000000",
    "UPDATE samples SET lane = 'a'",
    "UPDATE samples SET features = 9223372036854775807",
    "UPDATE runs SET ended = 1e300",
    "UPDATE notes SET time = 'yesterday'",
    "UPDATE notes SET line = CAST(x'fffe' AS TEXT)",
    "INSERT INTO buckets (lane, bucket, state) VALUES (0, NULL, 'filed')",
    "DROP TABLE tallies",
    "ALTER TABLE lanes DROP COLUMN share",
    "CREATE TRIGGER t AFTER INSERT ON notes BEGIN SELECT 1; END",
]  # fmt: skip
ENDLESS = (
    "DROP TABLE notes",
    "CREATE VIEW notes AS WITH RECURSIVE n(time, line) AS "
    "(SELECT 1, 'a' UNION ALL SELECT time + 1, line FROM n) SELECT * FROM n",
)
COMPUTED = (
    "DROP TABLE notes",
    "CREATE TABLE notes (time REAL, line TEXT AS (hex(zeroblob(1000000000))))",
)


def spoil(state: Path, *statements: str) -> Path:
    path = StatePaths(state).journal
    for statement in statements:
        change(path, statement)
    return path


@pytest.mark.parametrize("statement", [(one,) for one in ROWS] + [ENDLESS, COMPUTED], ids=str)
def test_a_journal_of_wrong_content_is_no_campaign_to_show(
    statement: tuple[str, ...], state: Path
) -> None:
    spoil(state, *statement)
    if "share" in statement[0]:
        read_campaign(state)  # the plan has it
        return
    with pytest.raises(UserError, match=r"journal\.sqlite"):
        read_campaign(state)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lanes SET executions = 'many'",
        "UPDATE tallies SET lane = lane + 7",
        "INSERT INTO signatures (lane, signature, time, sightings) VALUES (0, '../../x', 1, 1)",
        "INSERT INTO signatures (lane, signature, time, sightings) VALUES (7, 'a', 1, 1)",
        "CREATE VIEW v AS SELECT 1",
    ],
)
def test_it_is_made_anew_where_the_campaign_is_resumed(statement: str, state: Path) -> None:
    spoil(state, statement)
    campaign = State(state)
    _, journal = campaign.resume()
    assert journal.was_rebuilt
    journal.check(3)
    assert query(journal.path, "SELECT line FROM notes") == [(REBUILT,)]
    journal.close()
    campaign.close()


def test_a_journal_of_too_many_rows(state: Path) -> None:
    path = StatePaths(state).journal
    with closing(sqlite3.connect(path)) as database, database:
        numbers = ((float(at), None) for at in range(300_000))
        database.executemany("INSERT INTO runs VALUES (?, ?)", numbers)
    with pytest.raises(DamagedError, match="more than 200000 rows in runs"):
        Journal(path)


def test_only_names_of_signatures_are_signatures(state: Path) -> None:
    paths = StatePaths(state)
    paths.signatures(0).mkdir(parents=True)
    for name in ("a" * 16, "further", ".x.part", "A B", "\udcff"):
        (paths.signatures(0) / name).write_bytes(b"")
    assert paths.list_signatures(0) == ["a" * 16, "further"]


@pytest.mark.parametrize("name", ["a?b", "a#b", "a%41", "a b'\"", "a\nb"])
def test_any_name_of_a_folder(name: str, tmp_path: Path) -> None:
    state = state_with(tmp_path / name, plan(tmp_path / "crashes"))
    fill(journal_in(state), 4)
    assert read_campaign(state).executions > 0
