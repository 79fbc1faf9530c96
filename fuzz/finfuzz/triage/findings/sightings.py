"""A campaign's sightings of one bucket, until finding.json counts them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec

from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.findings import routes
from finfuzz.triage.findings.finding import load, update
from finfuzz.triage.findings.routes import Route, RouteStart


class SeenBucket(msgspec.Struct):
    """A bucket's sightings in one campaign. ``path`` is None while there is no finding.

    ``sightings``: all of them. ``unsaved``, ``signals`` and ``routes``: those that finding.json
    does not count yet.
    """

    diagnosis: Diagnosis
    execution: int
    seconds: float
    sightings: int = 0
    path: Path | None = None
    new: bool = False
    unsaved: int = 0
    signals: Counter[str] = msgspec.field(default_factory=Counter)
    routes: list[Route] = []

    def add(self, diagnosis: Diagnosis, start: RouteStart | None, times: int) -> None:
        """Count sightings, and the route on which they came."""
        if times == 0:
            return
        self.sightings += times
        self.unsaved += times
        self.signals[diagnosis.signal] += times
        if start is not None:
            routes.add(self.routes, Route(diagnosis.route, start.roots, times, start.program))

    def save(self, folder: Path) -> None:
        """Add the unsaved counts to the finding. Raises UserError."""
        finding = load(folder)
        finding.sightings += self.unsaved
        finding.signals = dict(Counter(finding.signals) + self.signals)
        for route in self.routes:
            routes.add(finding.routes, route)
        update(folder, finding)
        self.unsaved, self.signals, self.routes = 0, Counter(), []
