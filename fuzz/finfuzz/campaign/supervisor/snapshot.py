"""The state of a campaign at one moment, for the screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from finfuzz.campaign.messages import DeferredProgress
from finfuzz.campaign.nodes import describe_nodes
from finfuzz.campaign.plan import Plan
from finfuzz.campaign.supervisor.resources import Usage
from finfuzz.campaign.totals import Totals
from finfuzz.campaign.worker.signatures import FURTHER
from finfuzz.support.counting import count
from finfuzz.support.durations import describe_roughly, format_age
from finfuzz.support.hints import shorten_path, spell_command

#: The activity of a campaign that no longer fuzzes begins with this.
DONE = "done fuzzing"


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

    ``elapsed``: seconds of fuzzing. ``activity``: empty while the campaign fuzzes, then what it
    does instead. ``triage_seconds``: time that triage was busy. ``untriaged``: signatures without a
    diagnosis. ``waiting``: findings whose controls have not run. ``features``: their history,
    summed over lanes; ``feature_age``: seconds since the last new one, None where none was seen.
    ``sweep``: how far the sweeps have come, ``explored``: what was run together, ``machines``: what
    came from others, in words.
    """

    plan: Plan
    totals: Totals
    elapsed: float
    activity: str = ""
    usage: Usage | None = None
    triage_seconds: float = 0.0
    untriaged: int = 0
    waiting: int = 0
    features: list[float] = field(default_factory=list)
    feature_age: float | None = None
    sweep: str = ""
    explored: str = ""
    machines: str = ""
    warnings: list[str] = field(default_factory=list)

    @property
    def headline(self) -> str:
        """The findings, the last new one, the programs that crashed and the time left."""
        crashed = f"{count(self.totals.total.deaths, 'program')} crashed"
        left = self.plan.seconds - self.elapsed
        parts = [self._describe_findings(), crashed]
        parts.append(f"{format_age(left)} left" if self.is_fuzzing else "done")
        return " · ".join(parts)

    def _describe_findings(self) -> str:
        """Count findings, and those that a reader would miss among the crashes of this campaign."""
        findings = {one.bucket: one for one in self.totals.findings}.values()
        new = [one.seconds for one in findings if one.new]
        old = len(findings) - len(new)
        calm = sum(one.signal == "NONE" for one in findings)
        text = count(len(findings), "finding") + (f" ({calm} without a crash)" if calm else "")
        if not new:
            return text + (", filed before" if old else "")
        when = self.describe_moment(max(new))
        if not old:
            return f"{text}, last new one {when}"
        return f"{text}, {len(new)} new, the last {when}, {old} filed before"

    def describe_moment(self, seconds: float) -> str:
        """Describe a moment of the fuzzing; its clock stands still when the fuzzing is done."""
        if self.is_fuzzing:
            return f"{format_age(self.elapsed - seconds)} ago"
        return f"after {format_age(seconds)}"

    @property
    def is_fuzzing(self) -> bool:
        return not self.activity.startswith(DONE)

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
        parts = [self.headline, f"{self.rate:.0f} programs/s", f"{total.executions:,} in all"]
        if self.totals.corpus is not None:
            parts.append(f"{self.totals.features:,} features")
        if self.totals.nodes:
            parts.append(describe_nodes(self.totals.nodes).partition(":")[0])
        known = sum(one.sightings for lane in self.totals.lanes for one in lane.buckets_in("known"))
        if known:
            parts.append(f"known, not filed: {known:,}")
        if self.machines:
            parts.append(self.machines)
        if self.activity:
            parts.append(self.activity)
        return " · ".join(parts)


def describe_finish(
    crashes: Path, findings: int, untriaged: int, waiting: int, progress: DeferredProgress | None
) -> str:
    """Describe what a campaign does when it no longer fuzzes, and that it may be stopped.

    ``findings``: those on disk, in ``crashes``; ``untriaged``, ``waiting``: as of a snapshot.
    """
    parts = [DONE]
    if untriaged:
        parts.append(f"triaging {count(untriaged, 'crash', 'crashes')}")
    if findings:
        safe = "is safe" if findings == 1 else "are safe"
        parts.append(f"{count(findings, 'finding')} {safe} in {shorten_path(crashes)}")
    if waiting and not untriaged:
        parts.append(f"{_describe_progress(waiting, progress)}, Ctrl-C is fine")
    return "; ".join(parts)


def _describe_progress(waiting: int, progress: DeferredProgress | None) -> str:
    if progress is None:
        return f"running controls of {count(waiting, 'finding')}"
    place = f"{progress.done} of {progress.of}" if progress.of else str(progress.done)
    left = f", {describe_roughly(progress.left)} left" if progress.left else ""
    after = f" ({count(waiting - 1, 'finding')} after it)" if waiting > 1 else ""
    return f"running {progress.name} {place} of {progress.bucket}{after}{left}"


def list_left(totals: Totals, waiting: int, state: Path, crashes: Path) -> Iterator[str]:
    """List what a run leaves, each with the command for it. ``waiting``: findings of controls."""
    rows = [row for lane in totals.lanes for row in lane.signatures.items()]
    if left := sum(name != FURTHER and not row.triaged for name, row in rows):
        command = spell_command("run", "--resume", state)
        number = count(left, "crash", "crashes")
        yield f"{number} not triaged: `{command}` triages them, and fuzzes on"
    if waiting:
        command = spell_command("attribute", crashes=crashes)
        yield f"controls of {count(waiting, 'finding')} are left: run `{command}`"
