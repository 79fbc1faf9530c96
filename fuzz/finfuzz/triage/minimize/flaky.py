"""Asking about what does not happen every time."""

from __future__ import annotations

from collections.abc import Callable

from finfuzz.program.model import Program
from finfuzz.triage.findings.rate import Rate, runs_to_see


def repeatedly(once: Callable[[Program], bool], rate: Rate) -> Callable[[Program], bool]:
    """``once``, asked again until it holds, as often as something of that ``rate`` needs to show.

    A program that does it at least as often is then turned down one time in twenty:
    (1 - p) ** n <= 0.05 (``runs_to_see``). What has happened each time is asked once: a candidate
    that is not as reliable is none that anybody wants.
    """
    runs = runs_to_see(rate) if rate.flaky else 1
    return lambda candidate: any(once(candidate) for _ in range(runs))
