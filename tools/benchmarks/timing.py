"""Slices of measurement, and ratios between them: never absolute times alone."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple


class Slice(NamedTuple):
    """Seconds of one program, and the seconds of its phases as far as they are known."""

    seconds: float
    phases: Mapping[str, float]


def time_calls(function: Callable[[], object], count: int) -> float:
    """Call a function ``count`` times and return the seconds of one call."""
    begin = time.perf_counter()
    for _ in range(count):
        function()
    return (time.perf_counter() - begin) / count


def average(slices: Sequence[Slice]) -> Slice:
    """Return the mean of the slices of a round."""
    return Slice(
        statistics.fmean(one.seconds for one in slices),
        {
            phase: statistics.fmean(one.phases[phase] for one in slices)
            for phase in slices[0].phases
        },
    )


def divide(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """Return the ratio within each round: drift of the machine cancels."""
    return [a / b for a, b in zip(one, other, strict=True)]
