"""The summary of a campaign: printed at its end, and written by `--json`."""

from __future__ import annotations

import msgspec

from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.messages import Bucket
from finfuzz.campaign.nodes import NodeRow
from finfuzz.campaign.plan import Lane, Plan
from finfuzz.campaign.supervisor.supervisor import Supervisor
from finfuzz.campaign.sweeps import read_sweeps
from finfuzz.campaign.sync.status import Peer
from finfuzz.campaign.totals import LaneTotals
from finfuzz.generation.combinations import Explored
from finfuzz.generation.sweep.ledger import CellState


class BucketSummary(msgspec.Struct):
    """A bucket seen on one lane in this campaign. ``new``: not filed before the campaign.

    ``title``: the finding's; empty where it is not filed.
    """

    target: str
    python: str
    signal: str
    diagnostic: str
    bucket: str
    path: str
    first_seen_execution: int
    first_seen_seconds: float
    sightings: int
    new: bool
    title: str = ""


class LaneSummary(msgspec.Struct, kw_only=True):
    """The figures of one lane; ``seconds`` are summed over workers.

    ``steps_*``: what the children did with their steps. ``corpus``, ``features``: as libFuzzer
    counts them, null with `--engine random`. ``known``: sightings of known defects, by title.
    ``floor_seconds``: cost of a bare child, null if not measured. ``disagreed``: of the programs
    ``compared`` with a fresh process. ``sweep``: the cells that were begun.
    ``sources``: programs by what made them. ``explored``: combinations of one to three words.
    """

    target: str
    python: str
    executions: int
    seconds: float
    executions_per_second: float
    child_seconds: float
    mutation_seconds: float
    floor_seconds: float | None
    touched: int
    deaths: int
    known: dict[str, int]
    steps_effective: int
    steps_skipped: int
    steps_raised: int
    zygotes_replaced: int
    corpus: int | None
    features: int | None
    unstable_counters: int
    compared: int
    disagreed: int
    sweep: list[CellState]
    sources: dict[str, int]
    explored: list[Explored]


class NodeSummary(msgspec.Struct, kw_only=True):
    """The figures of one node of a cluster; ``seconds`` are summed over workers."""

    name: str
    executions: int
    seconds: float
    of_floor: float | None
    kernel: str
    architecture: str
    processor: str
    cores: int


class Summary(msgspec.Struct, kw_only=True):
    """The figures of a campaign.

    ``seconds`` of fuzzing by the clock. ``replaced``: workers and triage processes. ``problem``:
    why the campaign ended early, else empty. ``unconfirmed``: buckets not seen in a fresh process,
    or that the control without a framework has too. ``machines``: what came from other ones by
    `--sync`. ``nodes``: empty without a cluster.
    """

    engine: str
    seed: int
    workers: int
    seconds: float
    executions: int
    executions_per_second: float
    replaced: int
    interrupted: bool
    problem: str
    findings: list[BucketSummary]
    unconfirmed: list[BucketSummary]
    lanes: list[LaneSummary]
    nodes: list[NodeSummary]
    machines: list[Peer] = []


def summarize(plan: Plan, supervisor: Supervisor, state: StatePaths) -> Summary:
    """Put the figures of a campaign together."""
    total = supervisor.totals.total
    seconds = max(supervisor.pool.elapsed, 1e-9)
    pairs = list(zip(plan.lanes, supervisor.totals.lanes, strict=True))
    sweeps = read_sweeps(state, len(plan.lanes))
    return Summary(
        engine=plan.engine,
        seed=plan.seed,
        workers=plan.workers,
        seconds=round(seconds, 3),
        executions=total.executions,
        executions_per_second=round(total.executions / seconds, 1),
        replaced=supervisor.pool.replaced + supervisor.triage.replaced,
        interrupted=supervisor.interrupted,
        problem=supervisor.problem,
        findings=_summarize_buckets(pairs, "filed"),
        unconfirmed=_summarize_buckets(pairs, "unconfirmed"),
        lanes=[
            _summarize_lane(lane, figures, sweep, list(explored))
            for (lane, figures), sweep, explored in zip(
                pairs, sweeps.lanes, sweeps.explored, strict=True
            )
        ],
        machines=list(supervisor.machines),
        nodes=[_summarize_node(name, row) for name, row in supervisor.totals.nodes.items()],
    )


def _summarize_node(name: str, row: NodeRow) -> NodeSummary:
    return NodeSummary(
        name=name,
        executions=row.executions,
        seconds=round(row.seconds, 3),
        of_floor=None if row.of_floor is None else round(row.of_floor, 3),
        kernel=row.kernel,
        architecture=row.architecture,
        processor=row.processor,
        cores=row.cores,
    )


def _summarize_lane(
    plan: Lane, lane: LaneTotals, sweep: list[CellState], explored: list[Explored]
) -> LaneSummary:
    total = lane.total
    return LaneSummary(
        target=plan.target,
        python=plan.version,
        executions=total.executions,
        seconds=round(total.seconds, 3),
        executions_per_second=round(total.executions / max(total.seconds, 1e-9), 1),
        child_seconds=round(total.child_seconds, 3),
        mutation_seconds=round(total.mutation_seconds, 3),
        floor_seconds=total.floor_seconds or None,
        touched=total.touched,
        deaths=total.deaths,
        known={bucket.title: bucket.sightings for bucket in lane.buckets_in("known")},
        steps_effective=total.took[0],
        steps_skipped=total.took[1],
        steps_raised=total.took[2],
        zygotes_replaced=total.zygotes_replaced,
        corpus=lane.corpus,
        features=lane.features,
        unstable_counters=total.unstable,
        compared=lane.compared,
        disagreed=lane.disagreed,
        sweep=sweep,
        sources={one.name: one.tried for one in lane.tallies if one.sort == "source"},
        explored=explored,
    )


def _summarize_buckets(pairs: list[tuple[Lane, LaneTotals]], state: str) -> list[BucketSummary]:
    return [
        _summarize_bucket(lane, one) for lane, totals in pairs for one in totals.buckets_in(state)
    ]


def _summarize_bucket(lane: Lane, bucket: Bucket) -> BucketSummary:
    return BucketSummary(
        target=lane.target,
        python=lane.version,
        signal=bucket.signal,
        diagnostic=bucket.diagnostic,
        bucket=bucket.bucket,
        path=bucket.path,
        first_seen_execution=bucket.execution,
        first_seen_seconds=round(bucket.seconds, 3),
        sightings=bucket.sightings,
        new=bucket.new,
        title=bucket.title,
    )
