"""The bounds of a campaign, enforced: memory, processes and disk."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from finfuzz.campaign.journal import Journal
from finfuzz.campaign.plan import Bounds
from finfuzz.campaign.supervisor.resources import Usage, explain_excess, measure
from finfuzz.executor import process
from finfuzz.support.errors import UserError

#: Columns of the journal's history.
_RECORDED = (
    *("workers", "load", "memory_mib", "supervisor_mib", "worker_mib", "triage_mib"),
    *("disk_mib", "processes"),
)


class ResourceGuard:
    """The usage of a campaign, measured now and then. ``usage``: the last; None before any."""

    def __init__(
        self, folder: Path, bounds: Bounds, journal: Journal, announce: Callable[[str], None]
    ) -> None:
        self._folder, self._bounds = folder, bounds
        self._journal, self._announce = journal, announce
        self.usage: Usage | None = None

    def check(self, workers: Iterable[int], triage: int | None) -> str:
        """Measure, record, and kill the largest worker, or triage, if a bound is exceeded.

        Returns why the campaign must end, or an empty string.
        """
        used = self.usage = measure(self._folder, workers, triage)
        with contextlib.suppress(UserError), self._journal.writing():
            self._journal.add_resources(**{name: getattr(used, name) for name in _RECORDED})
        excess = explain_excess(used, self._bounds)
        if excess and used.largest:
            largest = "triage" if used.largest == triage else "the largest worker"
            self._announce(f"{excess}: replacing {largest}")
            process.end_tree(used.largest)
        if used.disk_mib > self._bounds.disk_mib:
            return f"{self._folder} has {used.disk_mib:.0f} MiB: --disk is {self._bounds.disk_mib}"
        return ""


def set_priority(bounds: Bounds) -> None:
    """Set the cores and the niceness of this process, which all that it starts inherit."""
    if bounds.cores:
        os.sched_setaffinity(0, bounds.cores)
    if bounds.nice:
        os.nice(bounds.nice)
