"""What a campaign says at its end, and what `--json` writes."""

from __future__ import annotations

import msgspec

from finfuzz.campaign.messages import Bucket
from finfuzz.campaign.plan import Lane, Plan
from finfuzz.campaign.supervisor.supervisor import Supervisor
from finfuzz.campaign.totals import LaneTotals


class FoundEntry(msgspec.Struct):
    """One bucket seen in this campaign, on one of its builds. ``new``: it was not filed before."""

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


class LaneSummary(msgspec.Struct, kw_only=True):
    """``seconds`` that workers fuzzed it, added up. ``steps_*`` count what the children did with
    their steps.

    ``corpus`` programs and ``features`` as libFuzzer counts them; null with `--engine random`.
    ``known``: deaths of defects that are not filed, by title. ``floor_seconds`` of a bare child,
    null where it was not measured. ``compared`` programs with a fresh process, which ``disagreed``.
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


class Summary(msgspec.Struct, kw_only=True):
    """``seconds`` of fuzzing by the clock. ``problem``: why it ended before its time, empty if it
    did not. ``replaced``: how often a worker or triage had to be. ``unconfirmed``: never seen again
    in a fresh process."""

    engine: str
    seed: int
    workers: int
    seconds: float
    executions: int
    executions_per_second: float
    replaced: int
    interrupted: bool
    problem: str
    findings: list[FoundEntry]
    unconfirmed: list[FoundEntry]
    lanes: list[LaneSummary]


def summarize(plan: Plan, ran: Supervisor) -> Summary:
    """Puts the figures of a campaign together."""
    total = ran.totals.total
    seconds = max(ran.pool.elapsed, 1e-9)
    pairs = list(zip(plan.lanes, ran.totals.lanes, strict=True))
    return Summary(
        engine=plan.engine,
        seed=plan.seed,
        workers=plan.workers,
        seconds=round(seconds, 3),
        executions=total.executions,
        executions_per_second=round(total.executions / seconds, 1),
        replaced=ran.pool.replaced + ran.triage.died,
        interrupted=ran.interrupted,
        problem=ran.problem,
        findings=_entries(pairs, "filed"),
        unconfirmed=_entries(pairs, "unconfirmed"),
        lanes=[_lane(lane.target, lane.version, figures) for lane, figures in pairs],
    )


def _lane(target: str, python: str, lane: LaneTotals) -> LaneSummary:
    total = lane.total
    return LaneSummary(
        target=target,
        python=python,
        executions=total.executions,
        seconds=round(total.seconds, 3),
        executions_per_second=round(total.executions / max(total.seconds, 1e-9), 1),
        child_seconds=round(total.child_seconds, 3),
        mutation_seconds=round(total.mutation_seconds, 3),
        floor_seconds=total.floor_seconds or None,
        touched=total.touched,
        deaths=total.deaths,
        known={bucket.title: bucket.sightings for bucket in lane.of_state("known")},
        steps_effective=total.took[0],
        steps_skipped=total.took[1],
        steps_raised=total.took[2],
        zygotes_replaced=total.zygotes_replaced,
        corpus=lane.corpus,
        features=lane.features,
        unstable_counters=total.unstable,
        compared=lane.compared,
        disagreed=lane.disagreed,
    )


def _entries(pairs: list[tuple[Lane, LaneTotals]], state: str) -> list[FoundEntry]:
    return [_entry(lane, one) for lane, totals in pairs for one in totals.of_state(state)]


def _entry(lane: Lane, bucket: Bucket) -> FoundEntry:
    return FoundEntry(
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
    )
