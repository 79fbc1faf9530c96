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
from typing import Any

from finfuzz.campaign.cluster.build_store import BuildStore
from finfuzz.campaign.cluster.clock import Clock
from finfuzz.campaign.cluster.connection import Cluster
from finfuzz.campaign.cluster.inbox import Inbox
from finfuzz.campaign.cluster.local import LocalDask
from finfuzz.campaign.cluster.merging import Merger
from finfuzz.campaign.cluster.node import Node, name_node
from finfuzz.campaign.cluster.node_watch import NodeWatch
from finfuzz.campaign.cluster.on_node import end_campaign, run_shard
from finfuzz.campaign.cluster.refusals import Refusals
from finfuzz.campaign.cluster.seat import Seat, Task
from finfuzz.campaign.cluster.shard import Delivery, decode_delivery, encode
from finfuzz.campaign.cluster.shard_maker import ShardMaker
from finfuzz.campaign.cluster.sweeping import SweepDivisions
from finfuzz.campaign.folder import State
from finfuzz.campaign.plan import Plan
from finfuzz.campaign.supervisor.pool import Messages, Pool
from finfuzz.campaign.supervisor.worker_pool import STOP_SECONDS
from finfuzz.campaign.totals import Totals
from finfuzz.support.hints import spell_command

#: Interval of looking for what --sync has brought: programs, and finished blocks of sweeps.
_LOOK_SECONDS = 5.0
#: The name of the answers that are no shard's: the last batches of a campaign.
_LAST = "last"


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
        self._run = uuid.uuid4().hex
        self._merger = Merger(totals, state, len(plan.lanes), lines.put)
        self._divisions = SweepDivisions(state, len(plan.lanes))
        self._builds = BuildStore(plan, state.parcels, lines.put)
        self._maker = ShardMaker(plan, totals, state, self._merger, self._divisions)
        self._seats: dict[str, Seat] = {}
        self._under_way: dict[str, Task] = {}
        self._inbox = Inbox()
        self._clock = Clock(totals.total.seconds / plan.workers)
        self._is_ending = self._fuzzes = False
        self._next_look = 0.0
        self._watch = NodeWatch(plan, totals)
        self._messages: Messages
        self._announce: Callable[[str], None]
        self._refusals: Refusals

    @property
    def elapsed(self) -> float:
        """The seconds by the clock since a node first fuzzed; nodes come and go."""
        return self._clock.elapsed

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
        self._messages, self._announce = messages, announce
        self._refusals = Refusals(self._plan, self._cluster, self._seats, self.abandoned, note_end)
        selector.register(self._inbox.fd, selectors.EVENT_READ, self._read)

    def start_missing(self) -> None:
        """Give each thread of each Dask worker a shard."""
        if self._is_ending:
            return
        self._fuzzes = True
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + _LOOK_SECONDS
            self._merger.add_live()
            if self._plan.sync is not None:
                self._divisions.look(self._announce)
                self._close_complete()
        nodes = dict(self._cluster.nodes)
        for address in self._seats.keys() - nodes.keys():
            self._divisions.release(self._seats.pop(address).folder)
        counts = Counter(task.address for task in self._under_way.values())
        for node in nodes.values():
            seat = self._seats.setdefault(node.address, Seat())
            for _ in range(node.threads - counts[node.address]):
                if not self._submit(node, seat):
                    break
        self._watch.look(nodes, self._open_lanes, self._announce)

    def check(self) -> None:
        """Announce what other threads have noticed; give up where the scheduler is gone."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._announce(self._lines.get_nowait())
        gone = self._cluster.problem or (self._local.find_problem() if self._local else "")
        if gone:
            again = spell_command("run", "--resume", self._state.folder)
            for lane in self._open_lanes:
                self.abandoned[lane] = f"{gone}: everything merged is on disk: `{again}` goes on"
            self._under_way.clear()
            self._is_ending = False

    def stop(self) -> None:
        """End the campaign's processes on all nodes; what they have done until then comes back."""
        self._clock.stop()
        self._fuzzes = False
        if not self._is_ending and not self._cluster.problem:
            self._is_ending = True
            run, self._run = self._run, uuid.uuid4().hex
            futures = [task.future for task in self._under_way.values()]
            threading.Thread(target=self._end, args=(run, futures), daemon=True).start()

    def kill_late(self, stopped_at: float) -> None:
        """Leave the nodes that have not answered: their processes end by themselves."""
        if time.monotonic() - stopped_at > STOP_SECONDS + self._plan.bounds.deadline:
            self._under_way.clear()
            self._is_ending = False

    def close(self) -> None:
        self._builds.close()
        self._inbox.close()
        self._cluster.close()
        if self._local:
            self._local.close()

    def _end(self, run: str, futures: list[Any]) -> None:
        """End a run on all nodes: its shards that begin later on are refused."""
        self._cluster.cancel(futures)
        argument = encode((self._maker.campaign, run))
        for answer in self._cluster.run_everywhere(end_campaign, argument):
            self._inbox.put(_LAST, answer)
        self._inbox.put(_LAST, b"")

    def _submit(self, node: Node, seat: Seat) -> bool:
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
        left = max(self._plan.seconds - self.elapsed, 0.1)
        workers = sum(one.threads for one in list(self._cluster.nodes.values()))
        shard = self._maker.make(self._run, seat, lane, left, workers, prepares=prepares)
        if prepares and lane in seat.lacks:
            shard = self._builds.add(shard, node, seat.lacks[lane])
        future = self._cluster.submit(
            run_shard, encode(shard), workers=[node.address], elsewhere=True, urgent=False
        )
        self._under_way[shard.id] = Task(node.address, lane, turn, prepares, future)
        self._inbox.watch(shard.id, future)
        return True

    def _choose_lane(self, node: Node, seat: Seat) -> tuple[int, float] | None:
        """Choose a lane that can run on a node: for a while, the one that a thread was on."""
        lanes = [lane for lane in self._open_lanes if self._can_run(lane, node, seat)]
        now = time.monotonic()
        while seat.turns:
            lane, since = seat.turns.pop()
            if lane in lanes and (len(lanes) == 1 or now - since < self._slice):
                return lane, since
        return (self._find_next_lane(lanes), now) if lanes else None

    def _can_run(self, lane: int, node: Node, seat: Seat) -> bool:
        if seat.refuses(lane) or self._plan.lanes[lane].version not in node.pythons:
            return False
        if lane not in seat.prepared:
            key = seat.lacks.get(lane)
            return key is None or not self._builds.is_awaited(lane, key, node.name)
        if self._plan.engine != "sweep":
            return True
        there = [task for task in self._under_way.values() if task.address == node.address]
        shards = sum(task.lane == lane for task in there)
        return self._divisions[lane].count_open(seat.folder) > shards

    def _read(self) -> None:
        for name, result in self._inbox.take():
            task = self._under_way.pop(name, None)
            if isinstance(result, Exception):
                self._builds.end(name)
            if name == _LAST and not result:
                self._is_ending = False
            elif isinstance(result, bytes):
                self._take(name, task, decode_delivery(result))
            else:
                self._note_failure(name, task, result)

    def _take(self, name: str, task: Task | None, delivery: Delivery) -> None:
        seat = self._seats.get(delivery.address, Seat())
        if gone := seat.begin(delivery.folder):
            self._divisions.release(gone)
        seat.sent = delivery.have
        self._builds.end(name, delivery.parcel)
        if delivery.problem or delivery.lacks or delivery.address not in self._seats:
            self._divisions.release(name)  # the node may not have begun with its blocks
        try:
            self._divisions.take(name, delivery)
            if task and delivery.space:
                self._prepare(task.lane, seat, delivery)
            seat.seen = delivery.number
        except OSError as error:  # a full disk; the node sends the blocks again
            for lane in delivery.blocks.keys() | ({task.lane} if task else set()):
                seat.spare(lane)
            self._announce(f"can't write the ledger of a sweep: {error.strerror}")
        self._merge(seat, delivery)
        if task:
            self._maker.find_novelty(task.lane).merge(delivery.novelty)
        self._merger.merge_explored(delivery)
        if delivery.remark:
            self._announce(f"on {delivery.host}: {delivery.remark}")
        if task and delivery.lacks:
            seat.lack(task.lane, delivery.lacks)
        if task and delivery.problem and not self._is_ending:
            self._refusals.refuse(task.lane, seat, f"on {delivery.host}: {delivery.problem}")
        elif task and task.address == delivery.address:
            seat.turns.append((task.lane, task.turn))
        self._close_complete()

    def _close_complete(self) -> None:
        if self._plan.engine == "sweep":
            self.complete = self._divisions.complete

    def _prepare(self, lane: int, seat: Seat, delivery: Delivery) -> None:
        assert delivery.space is not None
        if self._divisions[lane].learn(delivery.space):
            seat.prepared.add(lane)
            self._ask_again(lane, delivery)
        else:
            self._refusals.refuse(lane, seat, f"on {delivery.host}: its sweep has other programs")

    def _ask_again(self, lane: int, delivery: Delivery) -> None:
        """Ask the other Dask workers of a node again that lacked a build: it is in their cache."""
        node = name_node(delivery.host, delivery.address)
        for one in list(self._cluster.nodes.values()):
            if one.name == node and one.address in self._seats:
                self._seats[one.address].lacks.pop(lane, None)

    def _merge(self, seat: Seat, delivery: Delivery) -> None:
        for batch in self._merger.merge(delivery, self._messages):
            if batch.seconds and self._fuzzes:
                self._clock.start(batch.seconds)
            if batch.ending is not None:
                self.replaced += bool(batch.ending)
                self._refusals.note_end(seat, batch, delivery.host)
        processes = {batch.process for batch in delivery.batches}
        seat.merged = {process: self._totals.find_batch(process) for process in processes}

    def _note_failure(self, name: str, task: Task | None, error: Exception) -> None:
        """Take note of a shard that Dask could not run: it has tried again already."""
        self._divisions.release(name)
        is_over = name.partition("-")[0] != self._run
        if task is None or is_over or isinstance(error, concurrent.futures.CancelledError):
            return
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        self._refusals.note_failure(self._seats.get(task.address, Seat()), task.lane, reason)
