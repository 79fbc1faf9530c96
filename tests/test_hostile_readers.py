"""Fuzzers of finfuzz's own readers: a line, no traceback, and nothing written (issue 21).

Whatever a stranger's file contains: a hang ends by pytest's timeout.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import strategies as st

from finfuzz.campaign import config_file
from finfuzz.campaign.folder import State, StatePaths
from finfuzz.campaign.journal import Journal
from finfuzz.program.file import read_program
from finfuzz.program.language import OPERATIONS
from finfuzz.program.text import parse, to_text
from finfuzz.program.walk import walk
from finfuzz.program.words import Choice
from finfuzz.report.json_export import to_json
from finfuzz.report.page.data import read_campaign
from finfuzz.report.page.render import Renderer
from finfuzz.report.sarif import to_sarif
from finfuzz.support.errors import UserError
from finfuzz.targets.packages.recipe import read_recipe
from finfuzz.triage.findings.finding import encode, index_buckets
from finfuzz.triage.findings.known import load_known
from finfuzz.triage.findings.listing import list_findings
from helpers.campaign_example import LANES, fill, journal_in, plan, state_with
from helpers.finding_example import crashes_with, finding
from helpers.hostile_values import EXAMPLES, TEXTS, changed, check, damaged, documents, snapshot
from helpers.places import ROOT

RECIPES = ROOT / "fuzz" / "finfuzz" / "recipes"
KNOWN = ROOT / "fuzz" / "finfuzz" / "triage" / "findings" / "known.toml"
CAMPAIGN = {
    "time": 5.0, "workers": 2, "engine": "random", "seed": 1, "state": "a", "corpus": "b",
    "crashes": "c", "attribute": True, "abuse": False, "deadline": 1.0, "memory": 512,
    "total-memory": 1000, "processes": 20, "disk": 10, "nice": 1, "cores": "0",
    "targets": [{"target": "plain-c", "pythons": ["3.13"], "policies": ["leak"], "share": 1.0}],
}  # fmt: skip


def toml(data: Any) -> bytes:
    """Write a document as TOML as far as that goes; the rest is no TOML, which is welcome."""
    try:
        text: bytes = msgspec.toml.encode(data)
    except Exception:
        return repr(data).encode("utf-8", "backslashreplace")
    return text


@pytest.fixture
def state(tmp_path: Path) -> Path:
    made = state_with(tmp_path / "state", plan(tmp_path / "crashes"))
    journal = journal_in(made)
    fill(journal, 4)
    journal.close()
    return made


@EXAMPLES
def test_findings(examples: int, tmp_path: Path) -> None:
    crashes = tmp_path / "crashes"
    folder = crashes_with(crashes, finding())
    file = crashes / finding().folder / "finding.json"
    del folder

    def read(data: bytes) -> None:
        file.write_bytes(data)
        before = snapshot(tmp_path)
        entries = list(list_findings(crashes))
        to_json(entries)
        msgspec.json.encode(to_sarif(entries, "1"))
        index_buckets(crashes)
        assert snapshot(tmp_path) == before
        assert len(entries) == 1

    check(documents(msgspec.json.decode(encode(finding()))), examples, read)


@EXAMPLES
def test_plans(examples: int, state: Path, tmp_path: Path) -> None:
    paths = StatePaths(state)
    valid = msgspec.json.decode(paths.plan.read_bytes())

    def read(data: bytes) -> None:
        paths.plan.write_bytes(data)
        before = snapshot(tmp_path)
        try:
            paths.load_plan()
            read_campaign(state)
        finally:
            added = snapshot(tmp_path).keys() - before.keys()
            assert added <= {f"{paths.journal}-shm", f"{paths.journal}-wal"}

    check(documents(valid), examples, read)


def list_columns(path: Path) -> list[tuple[str, str]]:
    query = (
        "SELECT tables.name, columns.name FROM sqlite_master AS tables, "
        "pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'"
    )
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


CELLS = (
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | TEXTS.filter(lambda text: text.isprintable())
    | st.binary(max_size=9)
)


@EXAMPLES
def test_rows_of_a_journal(examples: int, state: Path) -> None:
    paths = StatePaths(state)
    columns = list_columns(paths.journal)
    with closing(sqlite3.connect(paths.journal)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    valid = paths.journal.read_bytes()

    def read(example: tuple[list[tuple[tuple[str, str], Any]], bool]) -> None:
        changes, add = example
        for end in ("", "-wal", "-shm"):
            Path(f"{paths.journal}{end}").unlink(missing_ok=True)
        paths.journal.write_bytes(valid)
        with closing(sqlite3.connect(paths.journal)) as database, database:
            for (table, column), value in changes:
                statement = f"UPDATE OR IGNORE {table} SET {column} = ?"
                if add:
                    statement = f"INSERT OR REPLACE INTO {table} ({column}) VALUES (?)"
                try:
                    database.execute(statement, [value])
                except sqlite3.IntegrityError:  # text as a row's number
                    continue
        with suppress(UserError):
            Renderer(state).render_parts()
        journal = Journal(paths.journal)
        try:
            journal.check(len(LANES))
        finally:
            journal.close()

    cells = st.tuples(st.sampled_from(columns), CELLS)
    check(st.tuples(st.lists(cells, min_size=1, max_size=3), st.booleans()), examples, read)


@EXAMPLES
def test_a_journal_that_is_resumed_is_in_order(examples: int, state: Path) -> None:
    """Damaged bytes anywhere in the file: the campaign goes on with it, or with one made anew."""
    paths = StatePaths(state)
    with closing(sqlite3.connect(paths.journal)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    valid = paths.journal.read_bytes()

    def read(data: bytes) -> None:
        for path in paths.campaign.glob("*journal*"):
            path.unlink()
        paths.journal.write_bytes(data)
        campaign = State(state)
        try:
            _, journal = campaign.resume()
            journal.check(len(LANES))
            journal.close()
        finally:
            campaign.close()

    check(damaged(valid), max(examples // 10, 20), read)  # each makes folders anew


@EXAMPLES
def test_campaign_files(examples: int, tmp_path: Path) -> None:
    file = tmp_path / "campaign.toml"

    def read(data: bytes) -> None:
        file.write_bytes(data)
        config_file.read(file)

    whole = toml(CAMPAIGN)
    check(changed(CAMPAIGN).map(toml) | damaged(whole), examples, read)


@EXAMPLES
def test_lists_of_known_defects(examples: int, tmp_path: Path) -> None:
    whole = KNOWN.read_bytes()
    file = tmp_path / KNOWN.name

    def read(data: bytes) -> None:
        file.write_bytes(data)
        load_known(tmp_path)

    check(changed(msgspec.toml.decode(whole)).map(toml) | damaged(whole), examples, read)


@EXAMPLES
@pytest.mark.parametrize("name", ["msgspec.toml", "greenlet.toml"])
def test_recipes(name: str, examples: int, tmp_path: Path) -> None:
    whole = (RECIPES / name).read_bytes()
    file = tmp_path / name

    def read(data: bytes) -> None:
        file.write_bytes(data)
        read_recipe(file)

    check(changed(msgspec.toml.decode(whole)).map(toml) | damaged(whole), examples, read)


WORDS = sorted(
    {
        *OPERATIONS,
        *(
            text
            for operation in OPERATIONS.values()
            for choice in operation.parameters
            if isinstance(choice, Choice)
            for text in choice.texts
        ),
        *("a", "b", "i1", "main", "0", "1", "99999999999999999999", "#", "expect", ":own", "×"),
    }
)
LINES = st.lists(st.sampled_from(WORDS) | TEXTS, max_size=7).map(" ".join)


@EXAMPLES
def test_programs(examples: int, tmp_path: Path) -> None:
    file = tmp_path / "program.fin"

    def read(lines: list[str]) -> None:
        file.write_bytes("\n".join(["finfuzz 1", *lines, ""]).encode("utf-8", "surrogatepass"))
        program = read_program(file)
        list(walk(program))
        assert parse(to_text(program)) == program

    check(st.lists(LINES, max_size=12), examples, read)
