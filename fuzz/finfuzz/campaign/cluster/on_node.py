"""The node's side of a campaign: it runs in a Dask worker, which outlives whatever crashes here.

A Dask worker has a folder for each campaign that it works for, laid out as the supervisor's is.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
import uuid
from pathlib import Path

import msgspec

from finfuzz.campaign.cluster.node_folder import NodeFolder
from finfuzz.campaign.cluster.node_lane import NodeLane
from finfuzz.campaign.cluster.node_process import NodeProcess
from finfuzz.campaign.cluster.parcels import MissingBuildError, make_parcel
from finfuzz.campaign.cluster.shard import (
    Batch,
    Delivery,
    Parcel,
    Shard,
    Space,
    decode_shard,
    encode,
)
from finfuzz.support.errors import UserError

#: Blocks of a sweep, each with its number in the ledger.
Numbers = tuple[tuple[int, int], ...]
#: Batches that wait for a supervisor that is gone, of some seconds each; then the oldest go.
_MOST_PENDING = 512
_ENDED = "this run of the campaign has ended"


def run_shard(argument: bytes) -> bytes:
    """Run a shard: the function of the campaign's tasks. Returns a delivery."""
    from distributed import get_worker  # noqa: PLC0415  there only on a node

    worker = get_worker()
    shard = decode_shard(argument)
    folder = Path(worker.local_directory, f"finfuzz-{shard.campaign}")
    campaign = _find_campaign(shard, worker.address, folder, worker.state.nthreads)
    return encode(campaign.run(shard))


async def end_campaign(argument: bytes) -> bytes:
    """End a run of a campaign, and remove its folder here. Returns a last delivery, if any."""
    name, run = msgspec.msgpack.decode(argument, type=tuple[str, str])
    with _lock:
        _ended.add(run)
        campaign = _campaigns.pop(name, None)
    if campaign is None:
        return b""
    return encode(await asyncio.to_thread(campaign.end))


class NodeCampaign:
    """A campaign on this Dask worker. ``threads``: shards, and so processes, at a time."""

    def __init__(self, address: str, folder: Path, threads: int) -> None:
        self._address = address
        self._name = uuid.uuid4().hex[:12]
        self._folder = NodeFolder(folder)
        self._threads = threads
        self._over = False
        self._lock = threading.Lock()
        self._lanes: dict[int, NodeLane] = {}
        self._lane_lock = threading.Lock()  # a build takes seconds, and one is enough
        self._processes: list[NodeProcess] = []
        self._numbers: dict[str, int] = {}
        self._deliveries = 0
        self._blocks: dict[int, dict[int, Numbers]] = {}
        self._pending: list[Batch] = []

    def run(self, shard: Shard) -> Delivery:
        """Run a shard to its end, or to the end of its process."""
        try:
            lane = self._prepare(shard)
            self._take_news(shard, lane)
            parcel = make_parcel(lane.spec, lane.python) if shard.ships else None
        except MissingBuildError as missing:
            return self._deliver(lacks=missing.key)
        except (UserError, OSError) as error:
            return self._deliver(problem=str(error))
        if shard.seconds <= 0:
            return self._deliver(space=lane.space, parcel=parcel, remark=lane.remark)
        try:
            process = self._claim(shard, lane)
        except UserError as error:
            return self._deliver(problem=str(error))
        try:
            process.wait(shard.seconds)
            self._collect(process)
        finally:
            with self._lock:
                process.in_use = False
        return self._deliver(novelty=lane.take_novelty())

    def end(self) -> Delivery:
        """End all processes, and remove the folder."""
        with self._lock:
            self._over = True
        stopping = [threading.Thread(target=one.stop) for one in self._processes]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()
        for process in list(self._processes):
            self._collect(process)
        delivery = self._deliver()
        self._lanes.clear()  # whose files go now
        shutil.rmtree(self._folder.folder, ignore_errors=True)
        return delivery

    def _take_news(self, shard: Shard, lane: NodeLane) -> None:
        with self._lock:
            merged = shard.merged
            self._pending = [
                one for one in self._pending if one.number > merged.get(one.process, 0)
            ]
            self._folder.add_programs(shard.first, shard.programs)
            self._folder.add_known(shard.lane, shard.known)
            if shard.folder == self._name:
                self._blocks = {n: one for n, one in self._blocks.items() if n > shard.seen}
            lane.share.shut(shard.finished)
            lane.share.add(shard.blocks)
            lane.merge_novelty(shard.novelty)

    def _prepare(self, shard: Shard) -> NodeLane:
        with self._lane_lock:
            if self._over:
                raise UserError(_ENDED)
            if shard.lane not in self._lanes:
                self._folder.prepare(shard.lane)
                self._lanes[shard.lane] = NodeLane(shard, self._folder)
            return self._lanes[shard.lane]

    def _claim(self, shard: Shard, lane: NodeLane) -> NodeProcess:
        """Take the lane's process, or start one, in place of one that no shard asks for."""
        with self._lock:
            free = [one for one in self._processes if not one.in_use]
            alive = [one for one in free if not one.has_ended]
            for process in alive:
                if process.lane == shard.lane:
                    process.in_use = True
                    return process
            many = len(self._processes) - len(free) + len(alive) + 1 - self._threads
            spare = [one for one in free if one.has_ended] + alive[: max(0, many)]
            for process in spare:
                process.in_use = True
        for process in spare:
            process.stop()
            self._collect(process)
        job = self._folder.place(shard.job, shard.lane, lane.python, lane.target)
        with self._lock:
            if self._over:
                raise UserError(_ENDED)
            started = NodeProcess(shard.lane, job)
            started.in_use = True
            self._processes.append(started)
        return started

    def _collect(self, process: NodeProcess) -> None:
        """Make a batch of what a process has done, and forget a process that has ended."""
        ended = process.has_ended
        with self._lock:
            if process not in self._processes:
                return  # another thread was first
            messages, figures, seconds = process.take()
            number = self._numbers[process.id] = self._numbers.get(process.id, 0) + 1
            self._pending.append(
                Batch(
                    process=process.id,
                    number=number,
                    lane=process.lane,
                    messages=messages,
                    programs=self._folder.take_programs(),
                    signatures=self._folder.take_signatures(process.lane),
                    build=self._lanes[process.lane].build,
                    figures=figures,
                    seconds=seconds,
                    ending=process.ending if ended else None,
                )
            )
            del self._pending[:-_MOST_PENDING]
            if ended:
                self._processes.remove(process)
                del self._numbers[process.id]

    def _deliver(
        self,
        problem: str = "",
        lacks: str = "",
        remark: str = "",
        parcel: Parcel | None = None,
        space: Space | None = None,
        novelty: bytes = b"",
    ) -> Delivery:
        with self._lock:
            self._deliveries += 1
            changes = {number: lane.share.take_changes() for number, lane in self._lanes.items()}
            self._blocks[self._deliveries] = changes
            return Delivery(
                address=self._address,
                host=socket.gethostname(),
                folder=self._name,
                number=self._deliveries,
                have=self._folder.have,
                batches=tuple(self._pending),
                problem=problem,
                lacks=lacks,
                remark=remark,
                parcel=parcel,
                space=space,
                novelty=novelty,
                explored=self._pack_explored(),
                blocks={
                    lane: blocks for lane in self._lanes if (blocks := self._list_blocks(lane))
                },
            )

    def _pack_explored(self) -> dict[int, bytes]:
        packed = {
            number: lane.pack_explored(at_the_end=self._over)
            for number, lane in self._lanes.items()
        }
        return {number: one for number, one in packed.items() if one}

    def _list_blocks(self, lane: int) -> Numbers:
        """List the states of a lane's blocks that the campaign may lack."""
        latest: dict[int, int] = {}
        for changes in self._blocks.values():
            latest.update(changes.get(lane, ()))
        return tuple(latest.items())


_campaigns: dict[str, NodeCampaign] = {}
_ended: set[str] = set()
_lock = threading.Lock()


def _find_campaign(shard: Shard, address: str, folder: Path, threads: int) -> NodeCampaign:
    with _lock:
        if shard.run in _ended:
            raise UserError(_ENDED)
        if shard.campaign not in _campaigns:
            _campaigns[shard.campaign] = NodeCampaign(address, folder, threads)
        return _campaigns[shard.campaign]
