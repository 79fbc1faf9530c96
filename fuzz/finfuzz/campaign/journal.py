"""A campaign's journal: one SQLite file with the campaign's counts and their history.

Only the supervisor writes the journal, at most one transaction a second; anyone may read it
meanwhile (WAL). The files are the truth (programs, signatures, findings): ``rebuild`` indexes them
again when the journal is lost or damaged, and only the history of rates is lost.

Each SAMPLE_SECONDS add a row of ``samples`` per lane and a row of ``resources``: 1 MB a day and
lane. Signatures and notes are bounded.

SQL is written only here, in ``journal_schema`` (tables, opening) and in ``journal_queries``
(reading, for the campaign's page).
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from finfuzz.campaign.journal_checks import DamagedError, check_rows
from finfuzz.campaign.journal_schema import open_for_writing
from finfuzz.campaign.messages import Bucket, CorpusAddition, Progress
from finfuzz.campaign.nodes import NodeRow
from finfuzz.campaign.plan import Lane
from finfuzz.generation.learning import Tally
from finfuzz.support.errors import UserError

#: How often a row of history is written.
SAMPLE_SECONDS = 10.0
REBUILT = "the journal was rebuilt from the campaign's files: its history is lost"
#: Number of announced lines that are kept; the oldest are deleted.
MOST_NOTES = 2000


class LaneRow(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of one lane. ``corpus`` and ``features`` are None without libFuzzer."""

    lane: int
    progress: Progress
    corpus: int | None
    features: int | None
    compared: int = 0
    disagreed: int = 0


class SignatureRow(msgspec.Struct):
    """The sightings of a signature. ``recorded``: those that are in its finding."""

    time: float
    execution: int
    seconds: float
    sightings: int = 0
    recorded: int = 0
    triaged: bool = False


class Journal:
    """A journal opened for writing. Raises UserError for a damaged file or another schema."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db = open_for_writing(path)

    def close(self) -> None:
        self._db.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Open a transaction: all of it or nothing. Raises UserError if the write fails."""
        try:
            with self._db:
                yield
        except sqlite3.Error as error:
            raise UserError(f"can't write {self.path}: {error}") from error

    def put(self, table: str, **values: Any) -> None:
        """Insert a row, or replace the row with its key. Within ``writing``, as all that follow."""
        columns = ", ".join(values)
        marks = ", ".join("?" * len(values))
        self._db.execute(
            f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})", list(values.values())
        )

    def add_lanes(self, lanes: Iterable[Lane]) -> None:
        """Insert the lanes of a plan that are not there yet."""
        for number, lane in enumerate(lanes):
            self._db.execute(
                "INSERT OR IGNORE INTO lanes (id, target, python, share) VALUES (?, ?, ?, ?)",
                [number, lane.target, lane.python, lane.share],
            )

    def save_run(self, began: float, ended: float | None = None) -> None:
        """Write when this run of the supervisor began, or that it has ended."""
        self.put("runs", began=began, ended=ended)

    def save_lane(self, row: LaneRow) -> None:
        """Write the counts of a lane."""
        total = row.progress
        self._db.execute(
            "UPDATE lanes SET executions=?, seconds=?, child_seconds=?, mutation_seconds=?, "
            "steps_effective=?, steps_skipped=?, steps_raised=?, touched=?, deaths=?, "
            "zygotes_replaced=?, floor_seconds=?, corpus=?, features=?, unstable=?, early=? "
            "WHERE id=?",
            (
                *(total.executions, total.seconds, total.child_seconds, total.mutation_seconds),
                *(*total.took, total.touched, total.deaths, total.zygotes_replaced),
                *(total.floor_seconds, row.corpus, row.features, total.unstable, total.early),
                row.lane,
            ),
        )
        self.put("comparisons", lane=row.lane, compared=row.compared, disagreed=row.disagreed)

    def save_signature(self, lane: int, signature: str, row: SignatureRow) -> None:
        self.put("signatures", lane=lane, signature=signature, **msgspec.structs.asdict(row))

    def save_bucket(self, lane: int, bucket: Bucket, first_seen: float) -> None:
        self.put("buckets", lane=lane, time=first_seen, **msgspec.structs.asdict(bucket))

    def save_tallies(self, lane: int, tallies: Iterable[Tally]) -> None:
        for tally in tallies:
            self.put("tallies", lane=lane, **msgspec.structs.asdict(tally))

    def save_batch(self, process: str, number: int) -> None:
        """Write the last batch of a process of a cluster that is in the counts."""
        self.put("batches", process=process, number=number)

    def load_batches(self) -> dict[str, int]:
        """Load the last batch of each process of a cluster."""
        return {row["process"]: row["number"] for row in self._rows("SELECT * FROM batches")}

    def save_node(self, name: str, row: NodeRow) -> None:
        """Write what a node of a cluster is, and has done."""
        self.put("nodes", name=name, **msgspec.structs.asdict(row))

    def load_nodes(self) -> dict[str, NodeRow]:
        """Load the nodes of a cluster, by name."""
        fields = NodeRow.__struct_fields__
        return {
            row["name"]: NodeRow(**{field: row[field] for field in fields})
            for row in self._rows("SELECT * FROM nodes")
        }

    def add_sample(self, row: LaneRow, now: float, findings: int) -> None:
        """Insert a lane's row of history."""
        total = row.progress
        self.put(
            "samples",
            time=now,
            lane=row.lane,
            seconds=total.seconds,
            executions=total.executions,
            corpus=row.corpus,
            features=row.features,
            deaths=total.deaths,
            findings=findings,
        )

    def add_resources(self, **used: float) -> None:
        """Insert a row of history of memory, load, disk and processes."""
        self.put("resources", time=time.time(), **used)

    def add_program(self, lane: int, added: CorpusAddition, now: float) -> None:
        self.put(
            "programs",
            name=added.name,
            lane=lane,
            time=now,
            execution=added.execution,
            features=added.features,
            mutators=" ".join(added.mutators),
        )

    def add_note(self, line: str) -> None:
        """Insert a line that was announced; delete the oldest beyond MOST_NOTES."""
        self.put("notes", time=time.time(), line=line)
        self._db.execute(
            "DELETE FROM notes WHERE rowid <= (SELECT max(rowid) FROM notes) - ?", [MOST_NOTES]
        )

    def load_lanes(self) -> Iterator[LaneRow]:
        """Yield the counts of each lane."""
        query = (
            "SELECT lanes.*, compared, disagreed FROM lanes "
            "LEFT JOIN comparisons ON comparisons.lane = lanes.id"
        )
        for row in self._rows(query):
            names = set(Progress.__struct_fields__) & set(row.keys()) - {"floor_seconds"}
            progress = Progress(
                **{name: row[name] for name in names},
                took=(row["steps_effective"], row["steps_skipped"], row["steps_raised"]),
                floor_seconds=row["floor_seconds"] or 0.0,
            )
            yield LaneRow(
                lane=row["id"],
                progress=progress,
                corpus=row["corpus"],
                features=row["features"],
                compared=row["compared"] or 0,
                disagreed=row["disagreed"] or 0,
            )

    def load_tallies(self) -> Iterator[tuple[int, Tally]]:
        """Yield each tally with its lane."""
        for row in self._rows("SELECT * FROM tallies"):
            yield row["lane"], Tally(**{name: row[name] for name in Tally.__struct_fields__})

    def load_signatures(self) -> Iterator[tuple[int, str, SignatureRow]]:
        """Yield the lane, the name and the sightings of each signature."""
        for row in self._rows("SELECT * FROM signatures"):
            times = (row["time"], row["execution"] or 0, row["seconds"] or 0.0)
            counts = (row["sightings"], row["recorded"], bool(row["triaged"]))
            yield row["lane"], row["signature"], SignatureRow(*times, *counts)

    def load_buckets(self) -> Iterator[tuple[int, Bucket, float]]:
        """Yield each bucket with its lane and the time of its first sighting."""
        for row in self._rows("SELECT * FROM buckets"):
            facts = {name: row[name] for name in Bucket.__struct_fields__}
            yield row["lane"], Bucket(**{**facts, "new": bool(facts["new"])}), row["time"]

    def load_features(self) -> list[float]:
        """Load the history of features, summed over lanes."""
        query = "SELECT sum(features) AS features FROM samples GROUP BY round(time)"
        return [row["features"] or 0 for row in self._rows(query)]

    def sum_seconds(self) -> float:
        """Sum the seconds that workers have fuzzed."""
        (row,) = self._rows("SELECT total(seconds) AS seconds FROM lanes")
        return float(row["seconds"])

    def check(self, lanes: int) -> None:
        """Raise UserError for rows that a campaign of so many lanes never writes."""
        numbers = {
            *(row.lane for row in self.load_lanes()),
            *(lane for lane, _ in self.load_tallies()),
            *(lane for lane, *_ in self.load_signatures()),
            *(lane for lane, *_ in self.load_buckets()),
        }
        if max(numbers, default=0) >= lanes:
            raise DamagedError(f"{self.path} is damaged: it has more than {lanes} lanes")
        self.load_features()
        self.sum_seconds()

    def _rows(self, query: str) -> list[dict[str, Any]]:
        """Read rows. Raises UserError for values that finfuzz never writes."""
        try:
            rows = [dict(row) for row in self._db.execute(query)]
        except (sqlite3.Error, UnicodeError) as error:
            raise DamagedError(f"can't read {self.path}: {error}") from error
        check_rows(rows, self.path)
        return rows

    @property
    def was_rebuilt(self) -> bool:
        """Whether ``rebuild`` has made this journal."""
        query = "SELECT EXISTS (SELECT 1 FROM notes WHERE line = ?)"
        return bool(self._db.execute(query, [REBUILT]).fetchone()[0])


def rebuild(path: Path, programs: Iterable[Path], signatures: Iterable[tuple[int, str]]) -> Journal:
    """Make a new journal from the files that it indexes; keep the damaged one next to it.

    ``signatures``: lane and name of each in the campaign's folder. They are triaged again.
    """
    for damaged in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        if damaged.exists():
            damaged.replace(damaged.with_name(f"damaged-{damaged.name}"))
    journal = Journal(path)
    with journal.writing():
        for program in programs:
            journal.put("programs", name=program.stem, time=program.stat().st_mtime)
        for lane, signature in signatures:
            counts = {"sightings": 1, "recorded": 1}  # its finding has this sighting
            journal.put("signatures", lane=lane, signature=signature, time=time.time(), **counts)
        journal.add_note(REBUILT)
    return journal
