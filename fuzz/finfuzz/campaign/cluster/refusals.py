"""Lanes that do not run on a node: they are left to other nodes, or given up where none is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from finfuzz.campaign.cluster.connection import Cluster
from finfuzz.campaign.cluster.seat import Seat
from finfuzz.campaign.cluster.shard import Batch
from finfuzz.campaign.plan import Plan
from finfuzz.campaign.supervisor.pool import FAILURES, WORKED_SECONDS


class Refusals:
    """The lanes that nodes refuse. ``abandoned``: lanes that are given up, with the reason.

    ``seats``: of all Dask workers, by address. ``announce``: gets a line for each.
    """

    def __init__(
        self,
        plan: Plan,
        cluster: Cluster,
        seats: Mapping[str, Seat],
        abandoned: dict[int, str],
        announce: Callable[[str], None],
    ) -> None:
        self._plan, self._cluster, self._seats = plan, cluster, seats
        self._abandoned, self._announce = abandoned, announce

    def note_end(self, seat: Seat, batch: Batch, host: str) -> None:
        """Leave a lane to other nodes where its workers keep ending."""
        if not batch.ending or batch.seconds >= WORKED_SECONDS:
            seat.failures[batch.lane] = 0
        if batch.ending:
            self.note_failure(seat, batch.lane, f"on {host}: {batch.ending}")

    def note_failure(self, seat: Seat, lane: int, why: str) -> None:
        """Count a worker that is gone, or a shard that could not be run."""
        seat.failures[lane] += 1
        if seat.failures[lane] >= FAILURES:
            self.refuse(lane, seat, f"its workers keep ending {why}")
        else:
            name = self._plan.lanes[lane]
            self._announce(f"a worker on {name} is gone, {why}; starting another")

    def refuse(self, lane: int, seat: Seat, why: str) -> None:
        """Leave a lane to other nodes for a while; give it up where none is left."""
        seat.spare(lane)
        version = self._plan.lanes[lane].version
        able = [one for one in self._cluster.nodes.values() if version in one.pythons]
        seats = [self._seats[one.address] for one in able if one.address in self._seats]
        if seats and all(one.refuses(lane) for one in seats):
            self._abandoned[lane] = why
            self._announce(f"giving up on {self._plan.lanes[lane]}: {why}")
        else:
            self._announce(f"{self._plan.lanes[lane]} is left to other nodes: {why}")
