"""Queries on a campaign's journal for its page: read-only, while the campaign runs or later."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from finfuzz.campaign.journal_checks import check_rows
from finfuzz.campaign.journal_schema import open_read_only
from finfuzz.support.errors import UserError

Row = Mapping[str, Any]


class JournalReader:
    """A journal opened for reading, as a context manager. Raises UserError if it can't be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = open_read_only(path)

    def __enter__(self) -> JournalReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._db.close()
        if isinstance(error, sqlite3.Error):
            raise UserError(f"can't read {self._path}: {error}") from error

    def load_runs(self) -> list[Row]:
        """Load when each run of a supervisor began and ended, in order."""
        return self._rows("SELECT began, ended FROM runs ORDER BY began")

    def sum_worker_seconds(self) -> float:
        """Sum the seconds that all workers have fuzzed."""
        (row,) = self._rows("SELECT sum(seconds) AS seconds FROM lanes")
        return row["seconds"] or 0.0

    def find_last_time(self) -> float | None:
        """Find when the campaign last wrote something; None if it never did."""
        times = [
            row["time"]
            for table in ("samples", "resources", "notes")
            for row in self._rows(f"SELECT time FROM {table} ORDER BY time DESC LIMIT 1")
        ]
        return max(times, default=None)

    def load_lanes(self) -> dict[int, dict[str, Any]]:
        """Load the counts of each lane, with its comparisons."""
        lanes = {row["id"]: dict(row) for row in self._rows("SELECT * FROM lanes")}
        for row in self._rows("SELECT * FROM comparisons"):
            counts = {"compared": row["compared"], "disagreed": row["disagreed"]}
            lanes.setdefault(row["lane"], {}).update(counts)
        return lanes

    def load_nodes(self) -> list[Row]:
        """Load the nodes of a cluster, the fastest first; none in a journal of finfuzz 0.7."""
        if not self._rows("SELECT 0 AS workers FROM sqlite_master WHERE name = 'nodes'"):
            return []
        return self._rows("SELECT * FROM nodes ORDER BY executions DESC")

    def load_tallies(self) -> list[Row]:
        """Load the tallies, summed over lanes; ``mean`` is the weight by programs tried."""
        return self._rows(
            "SELECT sort, name, sum(tried) AS tried, sum(features) AS features, "
            "sum(signatures) AS signatures, "
            "sum(weight * tried) / max(sum(tried), 1) AS mean, avg(weight) AS weight "
            "FROM tallies GROUP BY sort, name ORDER BY sort, features DESC, tried DESC, name"
        )

    def load_buckets(self) -> list[Row]:
        """Load all buckets by state, the oldest first."""
        return self._rows("SELECT * FROM buckets ORDER BY state, time")

    def load_notes(self, most: int) -> list[Row]:
        """Load the latest announced lines, the latest first."""
        return self._rows("SELECT time, line FROM notes ORDER BY rowid DESC LIMIT ?", most)

    def load_samples(self, points: int) -> list[Row]:
        """Load the history of all lanes, thinned to about so many points a lane."""
        return self._rows(
            "SELECT * FROM samples WHERE rowid IN (SELECT max(rowid) FROM samples "
            "GROUP BY lane, (rowid - :first) / :span) ORDER BY rowid",
            **self._find_spans("samples", points),
        )

    def sum_sampled_seconds(self) -> dict[float, float]:
        """Sum the seconds of all lanes at each time of a sample: they are sampled together."""
        rows = self._rows("SELECT time, sum(seconds) AS seconds FROM samples GROUP BY time")
        return {row["time"]: row["seconds"] or 0.0 for row in rows}

    def load_resources(self, points: int) -> list[Row]:
        """Load the history of resources, thinned: the largest of each span, of the load the mean.

        The columns are ``time``, ``load``, and ``memory`` to ``disk`` in MiB.
        """
        return self._rows(
            "SELECT max(time) AS time, max(memory_mib) AS memory, "
            "max(supervisor_mib) AS supervisor, max(worker_mib) AS worker, "
            "max(triage_mib) AS triage, avg(load) AS load, max(disk_mib) AS disk "
            "FROM resources GROUP BY (rowid - :first) / :span ORDER BY time",
            **self._find_spans("resources", points),
        )

    def load_last_resources(self) -> dict[str, float | None] | None:
        """Load the last row of resources; None if there is none."""
        rows = self._rows("SELECT * FROM resources ORDER BY rowid DESC LIMIT 1")
        return dict(rows[0]) if rows else None

    def _rows(self, query: str, *values: Any, **named: Any) -> list[Row]:
        rows: list[Row] = [dict(row) for row in self._db.execute(query, named or values)]
        check_rows(rows, self._path)
        return rows

    def _find_spans(self, table: str, points: int) -> dict[str, int]:
        """Find how many rows make a point: they are in order of time, the lanes in turn."""
        query = f"SELECT min(rowid), max(rowid) FROM {table}"
        first, last = self._db.execute(query).fetchone()
        rows = (last - first + 1) if last is not None else 1
        return {"first": first or 0, "span": max(-(-rows // points), 1)}
