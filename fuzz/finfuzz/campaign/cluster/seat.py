"""The supervisor's view of a Dask worker, and of the shards that are under way there."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from distributed import Future

#: Time that a node is spared a lane that does not run there: its disk was full, say.
_SPARED_SECONDS = 60.0


class Seat:
    """A Dask worker: how far it is with what every node gets, and the lanes of its threads.

    ``sent``: programs of the campaign's that it has, or that are on their way. ``prepared`` and
    ``refused``: lanes that are built there, or don't run there, until some time. ``lacks``: the
    keys of builds that it has not, by lane. ``merged`` and
    ``seen``: batches and deliveries to acknowledge. ``failures``: workers in a row that ended
    early, by lane. ``novelty``: how far it is with the changes of a lane's counts. ``turns``: lanes
    of threads that are free, and since when each was on its lane.
    """

    def __init__(self) -> None:
        self.folder = ""
        self.sent = 0
        self.known: Counter[int] = Counter()
        self.prepared: set[int] = set()
        self.lacks: dict[int, str] = {}
        self.refused: dict[int, float] = {}
        self.failures: Counter[int] = Counter()
        self.merged: dict[str, int] = {}
        self.seen = 0
        self.novelty: Counter[int] = Counter()
        self.turns: list[tuple[int, float]] = []

    def begin(self, folder: str) -> str:
        """Take note of the node's folder; return the one before, if that is gone."""
        before, self.folder = self.folder, folder
        if before in (folder, ""):
            return ""
        self.sent = self.seen = 0
        self.known.clear()
        self.prepared.clear()
        self.lacks.clear()
        self.novelty.clear()
        return before

    def lack(self, lane: int, key: str) -> None:
        """Take note that it lacks a lane's build, and took nothing of the shard that asked."""
        self.lacks[lane] = key
        del self.known[lane]

    def spare(self, lane: int) -> None:
        """Give it no shard of a lane for a while."""
        self.refused[lane] = time.monotonic() + _SPARED_SECONDS

    def refuses(self, lane: int) -> bool:
        return self.refused.get(lane, 0.0) > time.monotonic()


class Task(NamedTuple):
    """A shard under way. ``turn``: when its thread began with the lane."""

    address: str
    lane: int
    turn: float
    prepares: bool
    future: Future[bytes]
