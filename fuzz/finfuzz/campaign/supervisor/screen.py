"""The screen of a running campaign on a terminal; plain lines elsewhere."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from finfuzz.campaign.supervisor.snapshot import Snapshot
from finfuzz.support.terminal import DataConsole

_LIVE_SECONDS = 0.5
#: Interval of plain lines: from every ten seconds in a short campaign to ten minutes in a long one.
_PLAIN_SECONDS = (10.0, 600.0)
_BARS = "▁▂▃▄▅▆▇█"
_MOST_FINDINGS, _MOST_MUTATORS = 8, 6


class _Console(DataConsole):
    """A console that raises BrokenPipeError when its reader is gone; rich ends the process."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Screen:
    """Output on standard error: ``note`` prints a line that stays, ``show`` the current state.

    When standard error goes away (a closed terminal, a reader that ended), a campaign continues
    unseen.
    """

    def __init__(self, seconds: float, console: Console | None = None) -> None:
        self._console = console or _Console(err=True)
        self._tty = self._console.is_terminal
        shortest, longest = _PLAIN_SECONDS
        self._every = min(longest, max(shortest, seconds / 60))
        self._next_plain = self._every
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
        if self._tty:
            now = time.monotonic()
            if now >= self._next_live:
                self._next_live = now + _LIVE_SECONDS
                with self._unless_gone():
                    self._live.update(render(snapshot, self._console.width), refresh=True)
        elif snapshot.elapsed >= self._next_plain:
            self._next_plain = snapshot.elapsed + self._every
            self.note(f"{snapshot.elapsed:.0f} s: {snapshot.line}")
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
    """Render the screen for a terminal of a width."""
    parts: list[RenderableType] = [_render_head(snapshot, width), _render_figures(snapshot, width)]
    if snapshot.totals.findings:
        parts += [Text(), _render_findings(snapshot)]
    if snapshot.totals.tallies:
        parts += [Text(), _render_tallies(snapshot)]
    parts += [Text(f"! {line}", style="yellow") for line in snapshot.warnings]
    return Group(*parts)


def _render_head(snapshot: Snapshot, width: int) -> RenderableType:
    plan = snapshot.plan
    lanes = [str(lane) for lane in plan.lanes]
    names = lanes[0] if len(lanes) == 1 else f"{len(lanes)} lanes: {', '.join(lanes)}"
    line = Text("finfuzz ", style="bold", overflow="ellipsis", no_wrap=True)
    line.append(f"{names} · ", style="not bold")
    line.append(f"{_count(plan.workers, 'worker')}, {plan.engine}, seed {plan.seed}", "dim")
    line.truncate(width)
    bar = Table.grid(padding=(0, 1))
    bar.add_row(
        f"{_clock(snapshot.elapsed)} of {_clock(plan.seconds)}",
        ProgressBar(plan.seconds, min(snapshot.elapsed, plan.seconds), width=min(40, width // 3)),
        snapshot.activity,
    )
    return Group(line, bar)


def _render_figures(snapshot: Snapshot, width: int) -> Table:
    total = snapshot.totals.total
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    rate = f"{total.executions:,}, {snapshot.rate:,.0f}/s"
    if snapshot.of_floor is not None:
        rate += f", {snapshot.of_floor:.0%} of bare fork+finalize"
    table.add_row("executions", f"{rate}; {total.deaths:,} crashed")
    if total.executions:
        table.add_row("worker time", _describe_worker_time(snapshot))
    table.add_row("triage", _describe_triage(snapshot))
    corpus, features = snapshot.totals.corpus, snapshot.totals.features
    if corpus is not None:
        unstable = f", {_count(total.unstable, 'unstable counter')}" if total.unstable else ""
        table.add_row("corpus", f"{corpus:,} programs, {features:,} features{unstable}")
        if len(snapshot.features) > 1:
            line = draw_sparkline(snapshot.features, max(10, min(60, width - 30)))
            table.add_row("features", line)
    if used := snapshot.usage:
        table.add_row(
            "resources",
            f"{used.memory_mib:,.0f} MiB in {used.processes} processes, load {used.load:.1f}, "
            f"{used.disk_mib:,.0f} MiB on disk",
        )
    known = [one for lane in snapshot.totals.lanes for one in lane.buckets_in("known")]
    if known:
        titles = "; ".join(f"{one.title} ({one.sightings:,})" for one in known)
        table.add_row("known, not filed", Text(titles, overflow="ellipsis", no_wrap=True))
    return table


def _describe_worker_time(snapshot: Snapshot) -> str:
    total = snapshot.totals.total
    seconds = max(total.seconds, 1e-9)
    children, mutation = total.child_seconds / seconds, total.mutation_seconds / seconds
    rest = max(0.0, 1 - children - mutation)
    return f"children {children:.0%}, mutation {mutation:.0%}, other {rest:.0%}"


def _describe_triage(snapshot: Snapshot) -> str:
    busy = min(snapshot.triage_seconds / max(snapshot.elapsed, 1e-9), 1)
    parts = [f"busy {busy:.0%}"]
    if snapshot.untriaged:
        crashes = "1 crash" if snapshot.untriaged == 1 else f"{snapshot.untriaged} crashes"
        parts.append(f"{crashes} to triage")
    if snapshot.waiting:
        parts.append(f"{_count(snapshot.waiting, 'finding')} waiting for controls")
    compared = sum(lane.compared for lane in snapshot.totals.lanes)
    if compared:
        disagreed = sum(lane.disagreed for lane in snapshot.totals.lanes)
        parts.append(f"{disagreed} of {compared} programs differ in a fresh process")
    return "; ".join(parts)


def _render_findings(snapshot: Snapshot) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for column in ("finding", "signal", "diagnostic"):
        table.add_column(column, no_wrap=True)
    for column in ("sightings", "first seen", "age"):
        table.add_column(column, justify="right", no_wrap=True)
    findings = sorted(snapshot.totals.findings, key=lambda one: -one.seconds)
    for one in findings[:_MOST_FINDINGS]:
        table.add_row(
            one.bucket,
            one.signal,
            one.diagnostic,
            f"{one.sightings:,}",
            _clock(one.seconds),
            _clock(max(0.0, snapshot.elapsed - one.seconds)) if one.new else "filed earlier",
        )
    if len(findings) > _MOST_FINDINGS:
        table.add_row(f"{len(findings) - _MOST_FINDINGS} more", *[""] * 5)
    return table


def _render_tallies(snapshot: Snapshot) -> Table:
    """Render the yield of mutators, the highest yield per trial first."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("mutator", no_wrap=True)
    for column in ("tried", "new features", "new signatures", "weight"):
        table.add_column(column, justify="right", no_wrap=True)
    tallies = [one for one in snapshot.totals.tallies if one.sort == "mutator"]
    tallies.sort(key=lambda one: -(one.features + one.signatures) / max(one.tried, 1))
    for one in tallies[:_MOST_MUTATORS]:
        counts = (f"{count:,}" for count in (one.tried, one.features, one.signatures))
        table.add_row(one.name, *counts, f"×{one.weight:.2f}")
    return table


def draw_sparkline(values: list[float], width: int) -> str:
    """Draw values over time as bars, at most ``width``; then print the last value."""
    step = max(1.0, len(values) / width)
    picked = [values[min(int(n * step), len(values) - 1)] for n in range(min(width, len(values)))]
    low, high = min(picked), max(picked)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0
    return "".join(_BARS[round((value - low) * scale)] for value in picked) + f" {values[-1]:,.0f}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return (f"{days} d " if days else "") + f"{hours}:{minutes:02}:{rest:02}"
