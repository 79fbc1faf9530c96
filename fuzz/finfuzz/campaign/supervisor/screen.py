"""The screen of a running campaign on a terminal; plain lines elsewhere."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from finfuzz.campaign.nodes import describe_nodes
from finfuzz.campaign.supervisor.snapshot import Snapshot
from finfuzz.support.counting import count
from finfuzz.support.durations import format_age
from finfuzz.support.terminal import DataConsole

_LIVE_SECONDS = 0.5
#: Interval of plain lines: from every ten seconds in a short campaign to ten minutes in a long one.
_PLAIN_SECONDS = (10.0, 600.0)
_BARS = "▁▂▃▄▅▆▇█"
_MOST_FINDINGS = 8


class _Console(DataConsole):
    """A console that raises BrokenPipeError when its reader is gone; rich ends the process."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Screen:
    """Output on standard error: ``note`` prints a line that stays, ``show`` the current state.

    When standard error goes away (a closed terminal, a reader that ended), a campaign continues
    unseen.
    """

    def __init__(
        self,
        seconds: float,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console or _Console(err=True)
        self._tty = self._console.is_terminal
        shortest, longest = _PLAIN_SECONDS
        self._every = min(longest, max(shortest, seconds / 60))
        self._clock = clock
        self._began = clock()
        self._next_plain = self._began + self._every
        self._next_live = 0.0
        self._live = Live(console=self._console, auto_refresh=False, transient=True)

    def __enter__(self) -> Screen:
        if self._tty:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._tty:
            with self._unless_gone():
                self._live.stop()

    def note(self, line: str) -> None:
        """Print a line that stays on the screen."""
        with self._unless_gone():
            self._console.print(line, soft_wrap=not self._tty)

    def show(self, snapshot: Snapshot) -> None:
        """Show a snapshot, unless the last one is too recent."""
        now = self._clock()
        if self._tty:
            if now >= self._next_live:
                self._next_live = now + _LIVE_SECONDS
                with self._unless_gone():
                    self._live.update(render(snapshot, self._console.width), refresh=True)
        elif now >= self._next_plain:  # also after the fuzzing, whose own time then stands still
            self._next_plain = now + self._every
            self.note(f"{now - self._began:.0f} s: {snapshot.line}")
            for warning in snapshot.warnings:
                self.note(f"warning: {warning}")

    @contextlib.contextmanager
    def _unless_gone(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            self._console.quiet = True
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._console.file.fileno())
            os.close(nowhere)


def render(snapshot: Snapshot, width: int) -> RenderableType:
    """Render the screen for a terminal of a width, the most important first."""
    parts: list[RenderableType] = [*_render_head(snapshot, width)]
    if snapshot.totals.findings:
        parts += [Text(), _render_findings(snapshot, width)]
    parts += [Text(), _render_figures(snapshot, width)]
    parts += [Text(f"! {line}", style="yellow") for line in snapshot.warnings]
    if snapshot.totals.tallies:
        parts += [Text(), _render_yields(snapshot)]
    return Group(*parts)


def _render_head(snapshot: Snapshot, width: int) -> list[RenderableType]:
    plan = snapshot.plan
    lanes = [str(lane) for lane in plan.lanes]
    names = lanes[0] if len(lanes) == 1 else f"{len(lanes)} lanes: {', '.join(lanes)}"
    line = _keep_on_a_line(f"{names} · {count(plan.workers, 'worker')}", width, "dim")
    bar = Table.grid(padding=(0, 1))
    share = min(snapshot.elapsed / plan.seconds, 1) if plan.seconds else 1
    bar.add_row(
        ProgressBar(1, share, width=min(40, width // 3)),
        f"{format_age(min(snapshot.elapsed, plan.seconds))} of {format_age(plan.seconds)}",
    )
    doing = [Text(snapshot.activity, style="bold yellow")] if snapshot.activity else []
    return [Text(snapshot.headline, style="bold"), *doing, line, bar]


def _keep_on_a_line(text: str, width: int, style: str = "") -> Text:
    line = Text(text, style=style, overflow="ellipsis", no_wrap=True)
    line.truncate(width)
    return line


def _render_figures(snapshot: Snapshot, width: int) -> Table:
    total = snapshot.totals.total
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    speed = f"{snapshot.rate:,.0f} programs/s"
    if snapshot.of_floor is not None:
        speed += f", {snapshot.of_floor:.0%} of the speed of empty programs"
    table.add_row("speed", f"{speed}; {total.executions:,} in all")
    if nodes := describe_nodes(snapshot.totals.nodes):
        table.add_row("nodes", nodes)
    if stability := _describe_stability(snapshot):
        table.add_row("stability", stability)
    if snapshot.totals.corpus is not None:
        table.add_row("coverage", _describe_coverage(snapshot))
        if len(snapshot.features) > 1:
            table.add_row("", draw_sparkline(snapshot.features, max(10, min(60, width - 30))))
    if snapshot.sweep:
        table.add_row("complete", Text(snapshot.sweep, overflow="ellipsis", no_wrap=True))
    if snapshot.explored:
        table.add_row("together", Text(snapshot.explored, overflow="ellipsis", no_wrap=True))
    if snapshot.machines:
        table.add_row("machines", Text(snapshot.machines))
    table.add_row("triage", _describe_triage(snapshot))
    if used := snapshot.usage:
        table.add_row(
            "machine",
            f"{used.memory_mib:,.0f} MiB in {used.processes} processes, load {used.load:.1f}, "
            f"{used.disk_mib:,.0f} MiB on disk",
        )
    known = [one for lane in snapshot.totals.lanes for one in lane.buckets_in("known")]
    if known:
        titles = "; ".join(f"{one.title} ({one.sightings:,})" for one in known)
        table.add_row("known", Text(f"not filed: {titles}", overflow="ellipsis", no_wrap=True))
    return table


def _describe_stability(snapshot: Snapshot) -> str:
    """Say how often a program does the same again."""
    parts = []
    lanes = snapshot.totals.lanes
    if compared := sum(lane.compared for lane in lanes):
        same = compared - sum(lane.disagreed for lane in lanes)
        parts.append(f"{same} of {count(compared, 'program')} ended the same in a new process")
    if unstable := snapshot.totals.total.unstable:
        parts.append(f"{count(unstable, 'coverage counter')} not the same each time")
    return "; ".join(parts)


def _describe_coverage(snapshot: Snapshot) -> str:
    kept = f"{count(snapshot.totals.corpus or 0, 'program')} kept"
    age = snapshot.feature_age
    last = "" if age is None else f", last new one {format_age(age)} ago"
    return f"{count(snapshot.totals.features, 'feature')}{last}; {kept}"


def _describe_triage(snapshot: Snapshot) -> str:
    busy = min(snapshot.triage_seconds / max(snapshot.elapsed, 1e-9), 1)
    parts = [f"busy {busy:.0%} of the time"]
    if snapshot.untriaged:
        parts.append(f"{count(snapshot.untriaged, 'crash', 'crashes')} to triage")
    if snapshot.waiting:
        parts.append(f"{count(snapshot.waiting, 'finding')} waiting for controls")
    return "; ".join(parts)


def _render_findings(snapshot: Snapshot, width: int) -> Table:
    """Render the latest findings; a title that is too long for the terminal ends in `…`."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", width=width)
    table.add_column("finding", no_wrap=True)
    table.add_column("what happens", no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column("seen", justify="right", no_wrap=True)
    table.add_column("found", justify="right", no_wrap=True)
    findings = sorted(snapshot.totals.findings, key=lambda one: -one.seconds)
    for one in findings[:_MOST_FINDINGS]:
        found = snapshot.describe_moment(one.seconds) if one.new else "earlier"
        title = one.title or f"{one.signal}/{one.diagnostic}"
        table.add_row(one.bucket, title, f"{one.sightings:,}", found)
    if len(findings) > _MOST_FINDINGS:
        table.add_row(f"{len(findings) - _MOST_FINDINGS} more", "", "", "")
    return table


def _render_yields(snapshot: Snapshot) -> RenderableType:
    """Render where programs come from, and what each source yields: their shares follow that."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("programs from", no_wrap=True)
    for column in ("share", "tried", "new features", "new crashes", "weight"):
        table.add_column(column, justify="right", no_wrap=True)
    tallies = [one for one in snapshot.totals.tallies if one.sort == "source"]
    tallies.sort(key=lambda one: -one.tried)
    programs = max(sum(one.tried for one in tallies), 1)
    for one in tallies:
        counts = (f"{number:,}" for number in (one.tried, one.features, one.signatures))
        table.add_row(one.name, f"{one.tried / programs:.0%}", *counts, f"×{one.weight:.2f}")
    total = snapshot.totals.total
    if not total.seconds:
        return table
    children, mutation = total.child_seconds / total.seconds, total.mutation_seconds / total.seconds
    rest = max(0.0, 1 - children - mutation)
    time = f"workers' time: programs {children:.0%}, mutation {mutation:.0%}, other {rest:.0%}"
    return Group(table, Text(time, style="dim"))


def draw_sparkline(values: list[float], width: int) -> str:
    """Draw values over time as bars, at most ``width``; then print the last value."""
    step = max(1.0, len(values) / width)
    picked = [values[min(int(n * step), len(values) - 1)] for n in range(min(width, len(values)))]
    low, high = min(picked), max(picked)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0
    return "".join(_BARS[round((value - low) * scale)] for value in picked) + f" {values[-1]:,.0f}"
