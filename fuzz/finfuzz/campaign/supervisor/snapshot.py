"""The state of a campaign at one moment, for the screen."""

from __future__ import annotations

from dataclasses import dataclass, field

from finfuzz.campaign.plan import Plan
from finfuzz.campaign.supervisor.resources import Usage
from finfuzz.campaign.totals import Totals


class History:
    """Values over time, thinned evenly to at most MOST."""

    MOST = 120

    def __init__(self) -> None:
        self.values: list[float] = []
        self._every, self._count = 1, 0

    def add(self, value: float) -> None:
        if self._count % self._every == 0:
            self.values.append(value)
        self._count += 1
        if len(self.values) > self.MOST:
            self.values = self.values[::2]
            self._every *= 2


@dataclass(frozen=True)
class Snapshot:
    """A campaign at one moment.

    ``elapsed``: seconds of fuzzing. ``triage_seconds``: time that triage was busy. ``untriaged``:
    signatures without a diagnosis. ``waiting``: findings whose controls have not run.
    ``features``: their history, summed over lanes.
    """

    plan: Plan
    totals: Totals
    elapsed: float
    activity: str
    usage: Usage | None = None
    triage_seconds: float = 0.0
    untriaged: int = 0
    waiting: int = 0
    features: list[float] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Executions per second, summed over workers."""
        return self.totals.total.executions / self.elapsed if self.elapsed else 0.0

    @property
    def of_floor(self) -> float | None:
        """A worker's rate as a share of bare children in its zygote; None until measured."""
        total = self.totals.total
        if not total.floor_seconds or not total.seconds:
            return None
        return total.executions / total.seconds * total.floor_seconds

    @property
    def line(self) -> str:
        """The snapshot as one line."""
        total = self.totals.total
        parts = [f"{total.executions:,} executions", f"{self.rate:.0f}/s"]
        if self.totals.corpus is not None:
            parts.append(f"corpus {self.totals.corpus:,}, features {self.totals.features:,}")
        known = sum(one.sightings for lane in self.totals.lanes for one in lane.buckets_in("known"))
        found = len(self.totals.findings)
        parts.append(f"findings {found}" + (f", known {known:,}" if known else ""))
        if self.activity != "fuzzing":
            parts.append(self.activity)
        return " · ".join(parts)
