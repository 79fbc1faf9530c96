"""What a campaign says at its end, and what `--json` writes."""

from __future__ import annotations

import msgspec

from fuzz.campaign.config import Config
from fuzz.campaign.messages import Progress
from fuzz.triage.sort import Seen, Sorter


class FoundEntry(msgspec.Struct):
    """One bucket seen in this campaign. ``new``: it was not filed before."""

    signal: str
    diagnostic: str
    bucket: str
    path: str
    first_seen_execution: int
    first_seen_seconds: float
    sightings: int
    new: bool


class Summary(msgspec.Struct, kw_only=True):
    """``seconds`` of fuzzing. ``steps_*`` count what the children did with their steps.

    ``corpus`` programs and ``features`` as libFuzzer counts them; null with `--engine random`.
    ``known``: deaths of defects that are not filed, by title. ``unconfirmed``: never seen again in
    a fresh process. ``problem``: why the worker ended before its time, empty if it did not.
    """

    target: str
    python: str
    engine: str
    seed: int
    executions: int
    seconds: float
    executions_per_second: float
    findings: list[FoundEntry]
    known: dict[str, int]
    unconfirmed: list[FoundEntry]
    steps_effective: int
    steps_skipped: int
    steps_raised: int
    zygotes_replaced: int
    corpus: int | None
    features: int | None
    interrupted: bool
    problem: str


def summarize(
    config: Config,
    python: str,
    progress: Progress,
    sorter: Sorter,
    libfuzzer: dict[str, int],
    *,
    interrupted: bool,
    problem: str,
) -> Summary:
    """Puts the figures of a campaign together."""
    seconds = max(progress.seconds, 1e-9)
    return Summary(
        target=config.target,
        python=python,
        engine=config.engine,
        seed=config.seed,
        executions=progress.executions,
        seconds=round(progress.seconds, 3),
        executions_per_second=round(progress.executions / seconds, 1),
        findings=[_entry(seen) for seen in sorter.seen.values()],
        known={entry.title: count for entry, count in sorter.known.items()},
        unconfirmed=[_entry(seen) for seen in sorter.unconfirmed.values()],
        steps_effective=progress.took[0],
        steps_skipped=progress.took[1],
        steps_raised=progress.took[2],
        zygotes_replaced=progress.zygotes_replaced,
        corpus=libfuzzer.get("corp"),
        features=libfuzzer.get("ft"),
        interrupted=interrupted,
        problem=problem,
    )


def _entry(seen: Seen) -> FoundEntry:
    return FoundEntry(
        signal=seen.diagnosis.signal,
        diagnostic=seen.diagnosis.diagnostic,
        bucket=seen.diagnosis.bucket,
        path=str(seen.path or ""),
        first_seen_execution=seen.execution,
        first_seen_seconds=round(seen.seconds, 3),
        sightings=seen.sightings,
        new=seen.new,
    )
