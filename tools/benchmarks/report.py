"""What `bench.py executor` measured, for people and as JSON."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Table

from benchmarks.timing import Slice, paired

SUFFIX = "_with_interpreter"
_SORTS = ("floor", "executor", "campaign", "subprocess")
#: How often one is done in the time of the other.
_RATIOS = {
    "executor_to_floor": ("executor", "floor"),
    "campaign_to_floor": ("campaign", "floor"),
    "executor_to_subprocess": ("executor", "subprocess"),
}


class Result(NamedTuple):
    """Of one CPython: a slice a round, by sort, and why there is none of a sort."""

    python: str
    rounds: Mapping[str, Sequence[Slice]]
    missing: Mapping[str, str]


def ratios(result: Result) -> dict[str, list[float]]:
    """Each ratio within each round; empty where one of the two is missing."""
    return {
        name + suffix: _rates(result, one + suffix, other + suffix)
        for suffix in ("", SUFFIX)
        for name, (one, other) in _RATIOS.items()
    }


def table(result: Result) -> Table:
    """Each sort beside its own floor, and below it where a child's time goes."""
    made = Table("what", "ms each", "spread", "to floor", title=f"CPython {result.python}")
    for suffix in ("", SUFFIX):
        for sort in _SORTS:
            name = sort + suffix
            if name in result.missing:
                made.add_row(name.replace("_", " "), "—", result.missing[name])
                continue
            slices = result.rounds[name]
            to_floor = _median(_rates(result, name, f"floor{suffix}"))
            made.add_row(name.replace("_", " "), *_times([s.seconds for s in slices]), to_floor)
            for phase, times, share in _phases(slices):
                made.add_row(f"  {phase}", *_times(times), f"{share:.0%} of it", style="dim")
        made.add_section()
    return made


def lines(result: Result) -> Iterator[str]:
    """The ratios, a line each."""
    for name, rates in ratios(result).items():
        spread = f" ({min(rates):.2f} to {max(rates):.2f})" if rates else ""
        yield f"{name}: {_median(rates)}{spread}"


def figures(target: str, results: Sequence[Result]) -> dict[str, Any]:
    """All of it, as it is written: a ratio is null where one of the two can't be done."""
    by_python = {result.python: _medians(result) for result in results}
    return {
        "machine": {"cpu": cpu(), "count": os.cpu_count()},
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "target": target,
        **{
            name: {python: medians[name] for python, medians in by_python.items()}
            for name in next(iter(by_python.values()), {})
        },
        "pythons": {
            result.python: {**by_python[result.python], **_rounds(result)} for result in results
        },
    }


def _rates(result: Result, one: str, other: str) -> list[float]:
    if one in result.missing or other in result.missing:
        return []
    seconds = ([s.seconds for s in result.rounds[name]] for name in (other, one))
    return paired(*seconds)


def _medians(result: Result) -> dict[str, float | None]:
    return {
        name: round(statistics.median(rates), 3) if rates else None
        for name, rates in ratios(result).items()
    }


def _rounds(result: Result) -> dict[str, Any]:
    return {
        "seconds": {name: [s.seconds for s in slices] for name, slices in result.rounds.items()},
        "child": {
            name: {phase: times for phase, times, _ in _phases(slices)}
            for name, slices in result.rounds.items()
            if slices[0].phases
        },
        "missing": dict(result.missing),
    }


def _phases(slices: Sequence[Slice]) -> Iterator[tuple[str, list[float], float]]:
    """Each phase, its seconds by round, and its share of the whole."""
    for phase in slices[0].phases:
        times = [one.phases[phase] for one in slices]
        shares = paired(times, [one.seconds for one in slices])
        yield phase, times, statistics.median(shares)


def _median(rates: Sequence[float]) -> str:
    return f"{statistics.median(rates):.2f}" if rates else "—"


def _times(seconds: Sequence[float]) -> tuple[str, str]:
    median, *ends = (1e3 * x for x in (statistics.median(seconds), min(seconds), max(seconds)))
    return f"{median:.3f}", "{:.3f} to {:.3f}".format(*ends)


def cpu() -> str:
    """The processor's name, which platform doesn't know on Linux."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
