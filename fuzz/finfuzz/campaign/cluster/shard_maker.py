"""Makes shards: for a node, what it has not yet got of what every node gets."""

from __future__ import annotations

from finfuzz.campaign.cluster.merging import Merger
from finfuzz.campaign.cluster.seat import Seat
from finfuzz.campaign.cluster.shard import Shard
from finfuzz.campaign.cluster.sweeping import SweepDivisions
from finfuzz.campaign.folder import State
from finfuzz.campaign.plan import Plan
from finfuzz.campaign.totals import Totals
from finfuzz.campaign.worker.job import make_job
from finfuzz.generation.novelty_shares import MOST_SENT, NoveltyPool
from finfuzz.targets.spec import parse_target

#: Length of a shard: so long until a node's programs reach the others. Its process works on while
#: the batch travels, so a shorter one costs messages, not executions.
_SHARD_SECONDS = 5.0
#: Deliveries a second that a supervisor takes without haste: each costs it some 6 ms of a core
#: (docs/cluster.md). With more workers, shards are longer.
_MOST_DELIVERIES = 50
#: Bytes of programs that one shard carries; a node that joins gets the rest with the next ones.
_MOST_BYTES = 4 << 20


class ShardMaker:
    """Makes the shards of a campaign. ``divisions``: of its sweeps, by lane."""

    def __init__(
        self,
        plan: Plan,
        totals: Totals,
        state: State,
        merger: Merger,
        divisions: SweepDivisions,
    ) -> None:
        self._plan, self._totals, self._state = plan, totals, state
        self._merger, self._divisions = merger, divisions
        self._campaign = state.read_cluster_name()
        self._novelty: dict[int, NoveltyPool] = {}
        self._packed: dict[int, tuple[int, bytes]] = {}
        self._made = 0

    @property
    def campaign(self) -> str:
        """The name by which nodes know the campaign."""
        return self._campaign

    def make(
        self, run: str, seat: Seat, lane: int, left: float, workers: int, *, prepares: bool
    ) -> Shard:
        """Make a shard for a Dask worker, one of those that run so many ``workers``.

        ``left``: seconds of the campaign. ``prepares``: the shard only makes the build; the first
        one asks whether that is there.
        """
        self._made += 1
        name = f"{run}-{self._made}"
        blocks: tuple[tuple[int, int], ...] = ()
        finished: tuple[int, ...] = ()
        if not prepares:
            finished = self._divisions[lane].take_finished(seat.folder)
            blocks = self._divisions[lane].assign(name, seat.folder, workers)
        signatures = self._merger.signatures[lane]
        known, seat.known[lane] = signatures[seat.known[lane] :], len(signatures)
        first = seat.sent
        programs = self._pick_programs(first)
        seat.sent += len(programs)
        merged, seat.merged = seat.merged, {}
        job = make_job(self._plan, self._totals, self._state, lane, self._made, left)
        novelty, before = self._pick_novelty(seat, lane, prepares)
        return Shard(
            id=name,
            campaign=self._campaign,
            run=run,
            lane=lane,
            version=self._plan.lanes[lane].version,
            seconds=0.0 if prepares else min(choose_length(workers), left),
            job=job,
            recipe=_read_recipe(job.target) if prepares else "",
            compiles=lane in seat.lacks,
            first=first,
            programs=programs,
            known=tuple(known),
            blocks=blocks,
            finished=finished,
            novelty=novelty,
            novelty_before=before,
            merged=merged,
            folder=seat.folder,
            seen=seat.seen,
        )

    def find_novelty(self, lane: int) -> NoveltyPool:
        """Find the counts of a lane's features; a campaign may have more lanes than it fuzzes."""
        if lane not in self._novelty:
            self._novelty[lane] = NoveltyPool(self._state.novelty(lane))
        return self._novelty[lane]

    def _pick_novelty(self, seat: Seat, lane: int, prepares: bool) -> tuple[bytes, bytes]:
        """Pick the changes of a lane's counts, or all counts for a node that begins."""
        pool, since = self.find_novelty(lane), seat.novelty[lane]
        if not prepares:
            seat.novelty[lane] = pool.position
            return pool.list_since(since), b""
        position, packed = self._packed.get(lane, (-1, b""))
        if position < 0 or pool.position > position + MOST_SENT:  # once for many that begin
            position, packed = self._packed[lane] = pool.position, pool.pack()
        seat.novelty[lane] = position
        return b"", packed

    def _pick_programs(self, first: int) -> tuple[str, ...]:
        size, last, texts = 0, first, self._merger.programs
        while last < len(texts) and size < _MOST_BYTES:
            size += len(texts[last])
            last += 1
        return tuple(texts[first:last])


def choose_length(workers: int) -> float:
    """Choose the seconds of a shard in a cluster of so many workers."""
    return max(_SHARD_SECONDS, workers / _MOST_DELIVERIES)


def _read_recipe(target: str) -> str:
    """Read the recipe that a target names; the build here has read it already."""
    recipe = parse_target(target).recipe
    return recipe.read_text(encoding="utf-8") if recipe else ""
