"""The pool of a campaign on a cluster: it submits shards, and merges what they bring back."""

from __future__ import annotations

import concurrent.futures
import contextlib
import queue
import selectors
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from finfuzz.campaign.cluster.connection import Cluster
from finfuzz.campaign.cluster.inbox import Inbox
from finfuzz.campaign.cluster.local import LocalDask
from finfuzz.campaign.cluster.merging import Merger
from finfuzz.campaign.cluster.node import Node
from finfuzz.campaign.cluster.on_node import end_campaign, run_shard
from finfuzz.campaign.cluster.shard import Delivery, Shard, decode_delivery, encode
from finfuzz.campaign.cluster.sweeping import SweepDivision
from finfuzz.campaign.folder import State
from finfuzz.campaign.nodes import NodeRow
from finfuzz.campaign.plan import Plan
from finfuzz.campaign.supervisor.pool import Member, Messages, Pool
from finfuzz.campaign.supervisor.worker_pool import STOP_SECONDS
from finfuzz.campaign.totals import Totals
from finfuzz.campaign.worker.job import make_job
from finfuzz.support.hints import spell_command

if TYPE_CHECKING:
    from distributed import Future

#: Length of a shard: so long until a node's programs reach the others. Its process works on while
#: the batch travels, so a shorter one costs messages, not executions.
_SHARD_SECONDS = 5.0
#: Bytes of programs that one shard carries; a node that joins gets the rest with the next ones.
_MOST_BYTES = 4 << 20
#: Time that workers may take to start before their absence is announced.
_WAIT_SECONDS = 20.0
#: The name of the answers that are no shard's: the last batches of a campaign.
_LAST = "last"


class _Seat:
    """A Dask worker: how far it is with what every node gets, and the lanes of its threads.

    ``sent``: programs of the campaign's that it has, or that are on their way. ``prepared`` and
    ``refused``: lanes that are built there, or can't be. ``merged``: batches to acknowledge.
    ``turns``: lanes of threads that are free, and since when each was on its lane.
    """

    def __init__(self) -> None:
        self.folder = ""
        self.sent = 0
        self.known: Counter[int] = Counter()
        self.prepared: set[int] = set()
        self.refused: set[int] = set()
        self.merged: dict[str, int] = {}
        self.turns: list[tuple[int, float]] = []

    def begin(self, folder: str) -> str:
        """Take note of the node's folder; return the one before, if that is gone."""
        before, self.folder = self.folder, folder
        if before in (folder, ""):
            return ""
        self.sent = 0
        self.known.clear()
        self.prepared.clear()
        return before


class _Task(NamedTuple):
    """A shard under way. ``turn``: when its thread began with the lane."""

    address: str
    lane: int
    turn: float
    prepares: bool
    future: Future[bytes]


class ClusterPool(Pool):
    """The Dask workers of a cluster, each with a shard for each of its threads.

    ``lines``: announced by other threads. ``local``: the processes of a cluster that is ours.
    """

    def __init__(
        self,
        plan: Plan,
        state: State,
        totals: Totals,
        cluster: Cluster,
        lines: queue.SimpleQueue[str],
        local: LocalDask | None = None,
    ) -> None:
        super().__init__(plan, totals)
        self._state, self._cluster, self._lines, self._local = state, cluster, lines, local
        self.address = cluster.address
        self._campaign = state.read_cluster_name()
        self._run = uuid.uuid4().hex
        self._merger = Merger(totals, state, len(plan.lanes), lines.put)
        self._divisions = [SweepDivision(state.sweep(lane)) for lane in range(len(plan.lanes))]
        self._seats: dict[str, _Seat] = {}
        self._under_way: dict[str, _Task] = {}
        self._inbox = Inbox()
        self._submitted = 0
        self._before = totals.total.seconds / plan.workers
        self._since: float | None = None
        self._is_ending = False
        self._waits_since: dict[int, float] = {}
        self._messages: Messages
        self._announce: Callable[[str], None]
        self._note_end: Callable[[str], None]

    @property
    def elapsed(self) -> float:
        """The seconds by the clock since a node first fuzzed; nodes come and go."""
        return self._before + (time.monotonic() - self._since if self._since else 0.0)

    @property
    def busy(self) -> bool:
        return bool(self._under_way) or self._is_ending

    @property
    def pids(self) -> list[int]:
        return self._local.pids if self._local else []

    @property
    def _busy_lanes(self) -> list[int]:
        return [task.lane for task in self._under_way.values()]

    def attach(
        self,
        selector: selectors.BaseSelector,
        messages: Messages,
        announce: Callable[[str], None],
        note_end: Callable[[str], None],
    ) -> None:
        """Merge deliveries in the supervisor's loop."""
        self._messages, self._announce, self._note_end = messages, announce, note_end
        selector.register(self._inbox.fd, selectors.EVENT_READ, self._read)

    def start_missing(self) -> None:
        """Give each thread of each Dask worker a shard."""
        nodes = dict(self._cluster.nodes)
        for address in self._seats.keys() - nodes.keys():
            self._forget(self._seats.pop(address))
        counts = Counter(task.address for task in self._under_way.values())
        for node in nodes.values():
            seat = self._seats.setdefault(node.address, _Seat())
            for _ in range(node.threads - counts[node.address]):
                if not self._submit(node, seat):
                    break
        self._note_waiting(nodes)
        self._note_nodes(nodes)

    def check(self) -> None:
        """Announce what other threads have noticed; give up where the scheduler is gone."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._announce(self._lines.get_nowait())
        gone = self._cluster.problem or (self._local.find_problem() if self._local else "")
        if gone and not self._is_ending:
            again = spell_command("run", "--resume", self._state.folder)
            for lane in self._open_lanes:
                self.abandoned[lane] = f"{gone}: everything merged is on disk: `{again}` goes on"
            self._under_way.clear()

    def stop(self) -> None:
        """End the campaign's processes on all nodes; what they have done until then comes back."""
        self._before, self._since = self.elapsed, None
        if not self._is_ending and not self._cluster.problem:
            self._is_ending = True
            threading.Thread(target=self._end_everywhere, daemon=True).start()

    def kill_late(self, stopped_at: float) -> None:
        """Leave the nodes that have not answered: their processes end by themselves."""
        if time.monotonic() - stopped_at > STOP_SECONDS + self._plan.bounds.deadline:
            self._under_way.clear()
            self._is_ending = False

    def close(self) -> None:
        self._inbox.close()
        self._cluster.close()
        if self._local:
            self._local.close()

    def _end_everywhere(self) -> None:
        """End this run: shards that begin later on are refused."""
        self._cluster.cancel([task.future for task in list(self._under_way.values())])
        run, self._run = self._run, uuid.uuid4().hex
        for answer in self._cluster.run_everywhere(end_campaign, encode((self._campaign, run))):
            self._inbox.put(_LAST, answer)
        self._inbox.put(_LAST, b"")

    def _submit(self, node: Node, seat: _Seat) -> bool:
        """Submit a shard for a node; False where there is none for it."""
        chosen = self._choose_lane(node, seat)
        if chosen is None:
            return False
        lane, turn = chosen
        prepares = lane not in seat.prepared
        if prepares and any(
            task.prepares and (task.address, task.lane) == (node.address, lane)
            for task in self._under_way.values()
        ):
            return False
        shard = self._make_shard(seat, lane, prepares)
        workers, number = [node.address], len(self._under_way)
        future = self._cluster.submit(
            run_shard, encode(shard), workers=workers, elsewhere=True, urgent=False
        )
        self._under_way[shard.id] = _Task(node.address, lane, turn, prepares, future)
        self._inbox.watch(shard.id, future)
        return len(self._under_way) > number

    def _make_shard(self, seat: _Seat, lane: int, prepares: bool) -> Shard:
        self._submitted += 1
        left = max(self._plan.seconds - self.elapsed, 0.1)
        name = f"{self._run}-{self._submitted}"
        blocks: tuple[tuple[int, int], ...] = ()
        if not prepares:
            blocks = self._divisions[lane].assign(name, seat.folder, len(self._seats))
        signatures = self._merger.signatures[lane]
        known, seat.known[lane] = signatures[seat.known[lane] :], len(signatures)
        first = seat.sent
        programs = self._pick_programs(first)
        seat.sent += len(programs)
        merged, seat.merged = seat.merged, {}
        return Shard(
            id=name,
            campaign=self._campaign,
            run=self._run,
            lane=lane,
            version=self._plan.lanes[lane].version,
            seconds=0.0 if prepares else min(_SHARD_SECONDS, left),
            job=make_job(self._plan, self._totals, self._state, lane, self._submitted, left),
            first=first,
            programs=programs,
            known=tuple(known),
            blocks=blocks,
            merged=merged,
        )

    def _pick_programs(self, first: int) -> tuple[str, ...]:
        size, last, texts = 0, first, self._merger.programs
        while last < len(texts) and size < _MOST_BYTES:
            size += len(texts[last])
            last += 1
        return tuple(texts[first:last])

    def _choose_lane(self, node: Node, seat: _Seat) -> tuple[int, float] | None:
        """Choose a lane that can run on a node: for a while, the one that a thread was on."""
        lanes = [lane for lane in self._open_lanes if self._can_run(lane, node, seat)]
        now = time.monotonic()
        while seat.turns:
            lane, since = seat.turns.pop()
            if lane in lanes and (len(lanes) == 1 or now - since < self._slice):
                return lane, since
        return (self._find_next_lane(lanes), now) if lanes else None

    def _can_run(self, lane: int, node: Node, seat: _Seat) -> bool:
        if lane in seat.refused or self._plan.lanes[lane].version not in node.pythons:
            return False
        if self._plan.engine != "sweep" or lane not in seat.prepared:
            return True
        there = [task for task in self._under_way.values() if task.address == node.address]
        shards = sum(task.lane == lane for task in there)
        return self._divisions[lane].count_open(seat.folder) > shards

    def _read(self) -> None:
        for name, result in self._inbox.take():
            task = self._under_way.pop(name, None)
            if name == _LAST and not result:
                self._is_ending = False
            elif isinstance(result, bytes):
                self._take(name, task, decode_delivery(result))
            else:
                self._note_failure(name, task, result)

    def _take(self, name: str, task: _Task | None, delivery: Delivery) -> None:
        seat = self._seats.get(delivery.address, _Seat())
        if gone := seat.begin(delivery.folder):
            self._release(gone)
        seat.sent = delivery.have
        for division in self._divisions:
            division.hand_over(name, delivery.folder)
        try:
            for lane, blocks in delivery.blocks.items():
                self._divisions[lane].merge(delivery.folder, blocks)
            if task and delivery.space:
                self._divisions[task.lane].learn(delivery.space)
                seat.prepared.add(task.lane)
        except OSError as error:
            self._announce(f"can't write the ledger of a sweep: {error.strerror}")
        self._merge(seat, delivery)
        if task and delivery.problem:
            self._refuse(task.lane, delivery, seat)
        elif task:
            seat.turns.append((task.lane, task.turn))
        if self._plan.engine == "sweep":
            self.complete = {n for n, one in enumerate(self._divisions) if one.is_complete}

    def _merge(self, seat: _Seat, delivery: Delivery) -> None:
        for batch, member in self._merger.merge(delivery, self._messages):
            if self._since is None and not self._is_ending:
                self._since = time.monotonic() - batch.seconds
            if batch.ending is not None:
                member.finished = not batch.ending
                self._note_end(self._judge_end(member, batch.seconds, batch.ending))
        processes = {batch.process for batch in delivery.batches}
        seat.merged = {process: self._totals.find_batch(process) for process in processes}

    def _refuse(self, lane: int, delivery: Delivery, seat: _Seat) -> None:
        """Leave a lane to other nodes; give it up where none has it."""
        seat.refused.add(lane)
        name = f"{self._plan.lanes[lane]}"
        self._announce(f"{name} can't run on {delivery.host}: {delivery.problem}")
        version = self._plan.lanes[lane].version
        able = [one for one in self._cluster.nodes.values() if version in one.pythons]
        if all(lane in self._seats.get(one.address, seat).refused for one in able):
            self.abandoned[lane] = delivery.problem

    def _note_failure(self, name: str, task: _Task | None, error: Exception) -> None:
        for division in self._divisions:
            division.release(name)
        if task is None or isinstance(error, concurrent.futures.CancelledError):
            return
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        self._note_end(self._judge_end(Member(0, task.lane), 0.0, reason))

    def _forget(self, seat: _Seat) -> None:
        if seat.folder:
            self._release(seat.folder)

    def _release(self, folder: str) -> None:
        for division in self._divisions:
            division.release(folder)

    def _note_nodes(self, nodes: dict[str, Node]) -> None:
        """Keep what each node is, and how many workers it has now."""
        rows = self._totals.nodes
        for row in rows.values():
            row.workers = 0
        for node in nodes.values():
            row = rows.setdefault(node.name, NodeRow())
            row.workers += node.threads
            row.cores, row.kernel, row.architecture = node.cores, node.kernel, node.architecture
            row.processor, row.pythons = node.processor, " ".join(node.pythons)

    def _note_waiting(self, nodes: dict[str, Node]) -> None:
        """Announce lanes that no node could run for a while, once."""
        now = time.monotonic()
        versions = {version for node in nodes.values() for version in node.pythons}
        for lane in range(len(self._plan.lanes)):
            if lane not in self._open_lanes or self._plan.lanes[lane].version in versions:
                self._waits_since.pop(lane, None)
            elif 0.0 < self._waits_since.setdefault(lane, now) < now - _WAIT_SECONDS:
                self._waits_since[lane] = 0.0
                why = f"none of the {len(nodes)} has that CPython" if nodes else "there is none"
                self._announce(f"waiting for a Dask worker for {self._plan.lanes[lane]}: {why}")
