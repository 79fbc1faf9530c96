"""What the screen shows of a campaign, at one moment."""

from __future__ import annotations

from dataclasses import dataclass, field

from finfuzz.campaign.plan import Plan
from finfuzz.campaign.supervisor.resources import Use
from finfuzz.campaign.totals import Totals


class History:
    """Values over time, thinned as they become many: at most MOST, evenly spread."""

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
    """``elapsed`` seconds of fuzzing; ``triage_seconds`` that triage was busy; ``unsorted`` looks;
    findings ``waiting`` for their controls; ``features`` over time, of all lanes together."""

    plan: Plan
    totals: Totals
    elapsed: float
    doing: str
    used: Use | None = None
    triage_seconds: float = 0.0
    unsorted: int = 0
    waiting: int = 0
    features: list[float] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Executions a second, all workers together."""
        return self.totals.total.executions / self.elapsed if self.elapsed else 0.0

    @property
    def of_floor(self) -> float | None:
        """A worker's rate as a share of bare children in its zygote; None while not known."""
        total = self.totals.total
        if not total.floor_seconds or not total.seconds:
            return None
        return total.executions / total.seconds * total.floor_seconds

    @property
    def line(self) -> str:
        """The whole of it in a line."""
        total = self.totals.total
        parts = [f"{total.executions:,} executions", f"{self.rate:.0f}/s"]
        if self.totals.corpus is not None:
            parts.append(f"corpus {self.totals.corpus:,}, features {self.totals.features:,}")
        known = sum(one.sightings for lane in self.totals.lanes for one in lane.of_state("known"))
        found = len(self.totals.findings)
        parts.append(f"findings {found}" + (f", known {known:,}" if known else ""))
        if self.doing != "fuzzing":
            parts.append(self.doing)
        return " · ".join(parts)
