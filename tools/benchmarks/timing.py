"""Slices of measurement, and ratios between them: never absolute times alone."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple


class Slice(NamedTuple):
    """Seconds that one program took, and where they went as far as it can be told."""

    seconds: float
    phases: Mapping[str, float]


def each(function: Callable[[], object], count: int) -> float:
    """Seconds that one of so many calls takes."""
    begin = time.perf_counter()
    for _ in range(count):
        function()
    return (time.perf_counter() - begin) / count


def mean(slices: Sequence[Slice]) -> Slice:
    """A round, out of its slices."""
    return Slice(
        statistics.fmean(one.seconds for one in slices),
        {
            phase: statistics.fmean(one.phases[phase] for one in slices)
            for phase in slices[0].phases
        },
    )


def paired(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """The ratio within each round: drift of the machine cancels."""
    return [a / b for a, b in zip(one, other, strict=True)]
