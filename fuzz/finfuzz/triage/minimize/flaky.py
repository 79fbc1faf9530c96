"""Retry a predicate that reproduces only sometimes."""

from __future__ import annotations

from collections.abc import Callable

from finfuzz.program.model import Program
from finfuzz.triage.findings.rate import Rate, runs_to_see

#: Runs in which a candidate must reproduce: at 30 % it does so one time in 37.
_SURE = 3


def repeatedly(once: Callable[[Program], bool], rate: Rate) -> Callable[[Program], bool]:
    """Make a predicate that asks ``once`` until it holds, as often as that ``rate`` demands.

    A candidate that reproduces at this rate is then rejected one time in twenty:
    (1 - p) ** n <= 0.05 (``runs_to_see``).
    """
    runs = runs_to_see(rate) if rate.flaky else 1
    return lambda candidate: any(once(candidate) for _ in range(runs))


def surely(once: Callable[[Program], bool]) -> Callable[[Program], bool]:
    """Make a predicate for a defect that reproduced in each run: a candidate's runs all have to.

    Nobody wants a less reliable candidate: one that was taken by luck would be reduced further, and
    in the end all would be given up. Most candidates fail in their first run, and cost no other.
    """
    return lambda candidate: all(once(candidate) for _ in range(_SURE))
