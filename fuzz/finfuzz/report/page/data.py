"""Load a campaign from its journal, as typed values for the page."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.journal_queries import JournalReader
from finfuzz.campaign.nodes import NodeRow
from finfuzz.campaign.plan import Plan
from finfuzz.campaign.sweeps import Sweeps, describe_explored, read_sweeps
from finfuzz.campaign.sync.status import Peer, read_status
from finfuzz.generation.sweep.ledger import CellState
from finfuzz.report.page.clock import Clock
from finfuzz.report.page.history import Line, MachineLine, machine_line, sample_lines
from finfuzz.support.errors import UserError

#: Notes that are shown, the latest first.
MOST_NOTES = 50
#: A campaign that wrote nothing for so long is not under way, whatever its journal says.
_SILENT_SECONDS = 120.0


class LaneFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One lane: a target on a CPython. ``seconds`` sum the time of its workers.

    ``corpus`` and ``features`` are None without libFuzzer. ``sweep``: the cells that were begun.
    ``explored``: what was run together in one program, in words.
    """

    name: str
    share: float
    executions: int = 0
    seconds: float = 0.0
    steps_effective: int = 0
    steps_skipped: int = 0
    steps_raised: int = 0
    touched: int = 0
    deaths: int = 0
    zygotes_replaced: int = 0
    floor_seconds: float | None = None
    corpus: int | None = None
    features: int | None = None
    compared: int = 0
    disagreed: int = 0
    sweep: tuple[CellState, ...] = ()
    explored: str = ""


class NodeFacts(NodeRow, kw_only=True):
    """A node of a cluster."""

    name: str


class TallyRow(msgspec.Struct, frozen=True):
    """The yield of a mutator, a step or a word (``sort``), over all lanes.

    The counts are programs tried, programs with new features, and programs with a new crash
    signature. ``weight`` is the mean factor, weighted by programs tried.
    """

    sort: str
    name: str
    tried: int
    features: int
    signatures: int
    weight: float

    @property
    def per_thousand(self) -> float:
        """The programs with new features per thousand tried."""
        return 1000 * self.features / self.tried if self.tried else 0.0


class Seen(msgspec.Struct, frozen=True):
    """A bucket of this campaign's crashes. ``state`` is filed, known or unconfirmed.

    ``title`` is a known defect's, ``path`` the bucket's folder. ``seconds`` counts the fuzzing
    before the first crash.
    """

    lane: str
    bucket: str
    signal: str
    diagnostic: str
    state: str
    title: str
    path: str
    new: bool
    seconds: float
    execution: int
    sightings: int


class Note(msgspec.Struct, frozen=True):
    """A line that the campaign printed, and its time (seconds since the epoch)."""

    time: float
    line: str


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """A whole campaign. Times are seconds since the epoch; ``began`` is None before the start.

    ``seconds`` is the time of fuzzing, as on the terminal: without builds, sorting and pauses.
    """

    folder: Path
    plan: Plan
    began: float | None
    last: float | None
    under_way: bool
    runs: int
    seconds: float
    lanes: tuple[LaneFacts, ...]
    lines: tuple[Line, ...]
    machine: MachineLine
    machines: tuple[Peer, ...] = ()
    nodes: tuple[NodeFacts, ...] = ()
    tallies: tuple[TallyRow, ...]
    seen: tuple[Seen, ...]
    notes: tuple[Note, ...]

    @property
    def executions(self) -> int:
        return sum(lane.executions for lane in self.lanes)

    @property
    def deaths(self) -> int:
        return sum(lane.deaths for lane in self.lanes)

    @property
    def rate(self) -> float:
        """The executions per second over the whole campaign."""
        return self.executions / self.seconds if self.seconds else 0.0

    @property
    def last_new(self) -> float | None:
        """The seconds of fuzzing before the last new finding; None without one."""
        return max((one.seconds for one in self.filed if one.new), default=None)

    @property
    def corpus(self) -> int | None:
        return _added([lane.corpus for lane in self.lanes])

    @property
    def features(self) -> int | None:
        return _added([lane.features for lane in self.lanes])

    @property
    def filed(self) -> tuple[Seen, ...]:
        return tuple(one for one in self.seen if one.state == "filed")


def read_campaign(state: Path) -> Campaign:
    """Reads the campaign in a state folder; one without a journal has begun nothing yet.

    Raises UserError where there is no campaign, or its plan or journal can't be read.
    """
    paths = StatePaths(state)
    plan = paths.load_plan()
    if not paths.journal.exists():
        return _nothing(state, plan)
    sweeps = read_sweeps(paths, len(plan.lanes))
    with JournalReader(paths.journal) as journal:
        return _read(state, plan, journal, sweeps)


def _read(state: Path, plan: Plan, journal: JournalReader, sweeps: Sweeps) -> Campaign:
    names = [str(lane) for lane in plan.lanes]
    last = journal.find_last_time()
    runs = journal.load_runs()
    ended = bool(runs) and runs[-1]["ended"] is not None
    clock = Clock([(row["began"], row["ended"]) for row in runs], last)
    return Campaign(
        folder=state,
        plan=plan,
        began=clock.began,
        last=last or (runs[-1]["ended"] if ended else None),
        under_way=bool(runs) and not ended and time.time() - (last or 0.0) < _SILENT_SECONDS,
        runs=len(runs),
        seconds=journal.sum_worker_seconds() / plan.workers,
        lanes=tuple(_lanes(journal, plan, sweeps)),
        lines=sample_lines(journal, plan.workers, names),
        machine=machine_line(journal, clock),
        machines=_machines(StatePaths(state)),
        nodes=tuple(NodeFacts(**row) for row in journal.load_nodes()),
        tallies=tuple(_tallies(journal)),
        seen=tuple(_seen(journal, names)),
        notes=tuple(_notes(journal)),
    )


def _nothing(state: Path, plan: Plan) -> Campaign:
    lanes = tuple(LaneFacts(name=str(lane), share=lane.share) for lane in plan.lanes)
    return Campaign(
        folder=state, plan=plan, began=None, last=None, under_way=False, runs=0, seconds=0.0,
        lanes=lanes, lines=(), machine=MachineLine(), tallies=(), seen=(), notes=(),
    )  # fmt: skip


def _machines(paths: StatePaths) -> tuple[Peer, ...]:
    """Read what came from other machines. A damaged file costs its figures."""
    with contextlib.suppress(UserError):
        status = read_status(paths)
        return status.peers if status else ()
    return ()


def _lanes(journal: JournalReader, plan: Plan, sweeps: Sweeps) -> Iterator[LaneFacts]:
    rows = journal.load_lanes()
    fields = set(LaneFacts.__struct_fields__) - {"name", "share", "sweep"}
    optional = {"floor_seconds", "corpus", "features"}
    for number, lane in enumerate(plan.lanes):
        facts = {
            name: value
            for name, value in rows.get(number, {}).items()
            if name in fields and (value is not None or name in optional)
        }
        sweep = tuple(sweeps.lanes[number])
        explored = describe_explored(sweeps.explored[number])
        yield LaneFacts(name=str(lane), share=lane.share, sweep=sweep, explored=explored, **facts)


def _tallies(journal: JournalReader) -> Iterator[TallyRow]:
    for row in journal.load_tallies():
        weight = (row["mean"] if row["tried"] else row["weight"]) or 0.0
        counts = (row["tried"] or 0, row["features"] or 0, row["signatures"] or 0)
        yield TallyRow(row["sort"], row["name"], *counts, weight)


def _seen(journal: JournalReader, names: list[str]) -> Iterator[Seen]:
    for row in journal.load_buckets():
        lane = row["lane"]
        yield Seen(
            lane=names[lane] if lane in range(len(names)) else f"lane {lane}",
            bucket=row["bucket"],
            signal=row["signal"] or "–",
            diagnostic=row["diagnostic"] or "–",
            state=row["state"] or "unknown",
            title=row["title"] or "",
            path=row["path"] or "",
            new=bool(row["new"]),
            seconds=row["seconds"] or 0.0,
            execution=row["execution"] or 0,
            sightings=row["sightings"] or 0,
        )


def _notes(journal: JournalReader) -> Iterator[Note]:
    for row in journal.load_notes(MOST_NOTES):
        yield Note(row["time"] or 0.0, row["line"] or "")


def _added(numbers: list[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None
