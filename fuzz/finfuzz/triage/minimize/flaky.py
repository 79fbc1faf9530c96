"""Retry a predicate that reproduces only sometimes."""

from __future__ import annotations

from collections.abc import Callable

from finfuzz.program.model import Program
from finfuzz.triage.findings.rate import Rate, runs_to_see


def repeatedly(once: Callable[[Program], bool], rate: Rate) -> Callable[[Program], bool]:
    """Make a predicate that asks ``once`` until it holds, as often as that ``rate`` demands.

    A candidate that reproduces at this rate is then rejected one time in twenty:
    (1 - p) ** n <= 0.05 (``runs_to_see``). A defect that reproduced in each run is asked about
    once: nobody wants a less reliable candidate.
    """
    runs = runs_to_see(rate) if rate.flaky else 1
    return lambda candidate: any(once(candidate) for _ in range(runs))
