"""The figures of `bench.py executor`, as tables and as JSON."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Table

from benchmarks.timing import Slice, divide

SUFFIX = "_with_interpreter"
_MEASUREMENTS = ("floor", "executor", "campaign", "subprocess")
#: How often the first is done in the time of the second.
_RATIOS = {
    "executor_to_floor": ("executor", "floor"),
    "campaign_to_floor": ("campaign", "floor"),
    "executor_to_subprocess": ("executor", "subprocess"),
}


class Result(NamedTuple):
    """The slices of one CPython, one for each round, by measurement.

    ``missing``: the reason why a measurement has none.
    """

    python: str
    rounds: Mapping[str, Sequence[Slice]]
    missing: Mapping[str, str]


def compute_ratios(result: Result) -> dict[str, list[float]]:
    """Return each ratio within each round; an empty list where a measurement is missing."""
    return {
        name + suffix: _compute_rates(result, one + suffix, other + suffix)
        for suffix in ("", SUFFIX)
        for name, (one, other) in _RATIOS.items()
    }


def render_table(result: Result) -> Table:
    """Return a table of each measurement, its ratio to the floor, and the phases of a child."""
    made = Table("measurement", "ms each", "spread", "to floor", title=f"CPython {result.python}")
    for suffix in ("", SUFFIX):
        for measurement in _MEASUREMENTS:
            name = measurement + suffix
            if name in result.missing:
                made.add_row(name.replace("_", " "), "—", result.missing[name])
                continue
            slices = result.rounds[name]
            to_floor = _format_median(_compute_rates(result, name, f"floor{suffix}"))
            made.add_row(
                name.replace("_", " "), *_format_times([s.seconds for s in slices]), to_floor
            )
            for phase, times, share in _iterate_phases(slices):
                made.add_row(f"  {phase}", *_format_times(times), f"{share:.0%} of it", style="dim")
        made.add_section()
    return made


def format_ratios(result: Result) -> Iterator[str]:
    """Yield a line for each ratio."""
    for name, rates in compute_ratios(result).items():
        spread = f" ({min(rates):.2f} to {max(rates):.2f})" if rates else ""
        yield f"{name}: {_format_median(rates)}{spread}"


def collect_figures(target: str, results: Sequence[Result]) -> dict[str, Any]:
    """Return all figures for JSON; a ratio is null where a measurement is missing."""
    by_python = {result.python: _compute_medians(result) for result in results}
    return {
        "machine": {"cpu": read_cpu_name(), "count": os.cpu_count()},
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "target": target,
        **{
            name: {python: medians[name] for python, medians in by_python.items()}
            for name in next(iter(by_python.values()), {})
        },
        "pythons": {
            result.python: {**by_python[result.python], **_collect_rounds(result)}
            for result in results
        },
    }


def _compute_rates(result: Result, one: str, other: str) -> list[float]:
    if one in result.missing or other in result.missing:
        return []
    seconds = ([s.seconds for s in result.rounds[name]] for name in (other, one))
    return divide(*seconds)


def _compute_medians(result: Result) -> dict[str, float | None]:
    return {
        name: round(statistics.median(rates), 3) if rates else None
        for name, rates in compute_ratios(result).items()
    }


def _collect_rounds(result: Result) -> dict[str, Any]:
    return {
        "seconds": {name: [s.seconds for s in slices] for name, slices in result.rounds.items()},
        "child": {
            name: {phase: times for phase, times, _ in _iterate_phases(slices)}
            for name, slices in result.rounds.items()
            if slices[0].phases
        },
        "missing": dict(result.missing),
    }


def _iterate_phases(slices: Sequence[Slice]) -> Iterator[tuple[str, list[float], float]]:
    """Yield each phase, its seconds by round, and its share of the whole."""
    for phase in slices[0].phases:
        times = [one.phases[phase] for one in slices]
        shares = divide(times, [one.seconds for one in slices])
        yield phase, times, statistics.median(shares)


def _format_median(rates: Sequence[float]) -> str:
    return f"{statistics.median(rates):.2f}" if rates else "—"


def _format_times(seconds: Sequence[float]) -> tuple[str, str]:
    median, *ends = (1e3 * x for x in (statistics.median(seconds), min(seconds), max(seconds)))
    return f"{median:.3f}", "{:.3f} to {:.3f}".format(*ends)


def read_cpu_name() -> str:
    """Return the processor's name, which `platform` does not know on Linux."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
