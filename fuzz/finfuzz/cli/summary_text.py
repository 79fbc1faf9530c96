"""The summary of a campaign as text: the findings last, each with the command that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from finfuzz.campaign.summary import BucketSummary, LaneSummary, Summary
from finfuzz.campaign.sweeps import describe_explored
from finfuzz.campaign.totals import describe_sources
from finfuzz.report.rerun import list_commands
from finfuzz.support.counting import count
from finfuzz.support.errors import UserError
from finfuzz.support.hints import shorten_path, spell_command
from finfuzz.triage.findings.finding import load
from finfuzz.triage.findings.story import describe_owner, describe_rate


def render_summary(summary: Summary, state: Path) -> str:
    """Render a summary: lane by lane, then the findings. ``state``: the campaign's folder."""
    lines = []
    for lane in summary.lanes:
        lines += _render_lane(lane, summary)
    if len(summary.lanes) > 1:
        lines.append(
            f"total: {count(summary.executions, 'execution')} in {summary.seconds:.0f} s "
            f"({summary.executions_per_second:.0f}/s)"
        )
    lines += [f"from other machines: {peer}" for peer in summary.machines]
    if summary.interrupted:
        command = spell_command("run", "--resume", state)
        lines.append(f"stopped early, everything is on disk: `{command}` continues")
    # what this campaign has found stands last, where a reader looks
    for bucket in sorted(summary.findings, key=lambda one: one.new):
        lines += _render_finding(bucket, summary)
    if not summary.findings:
        lines.append("no findings")
    return "\n".join(lines)


def _render_lane(lane: LaneSummary, summary: Summary) -> list[str]:
    alone = len(summary.lanes) == 1
    figures = summary if alone else lane
    seconds = "s" if alone or summary.workers == 1 else "worker-seconds"
    lines = [
        f"{lane.target} on CPython {lane.python}: {count(lane.executions, 'execution')} in "
        f"{figures.seconds:.0f} {seconds} ({figures.executions_per_second:.0f}/s), "
        f"engine {summary.engine}, seed {summary.seed}"
    ]
    lines += _render_sweep(lane)
    if sources := describe_sources(lane.sources):
        lines.append(f"programs: {sources}")
    if explored := describe_explored(lane.explored):
        lines.append(f"run together in one program: {explored}")
    for title, number in lane.known.items():
        if number:
            lines.append(f"known, not filed: {title} ({count(number, 'time')})")
    for bucket in summary.unconfirmed:
        if (bucket.target, bucket.python) == (lane.target, lane.python):
            name = f"{bucket.signal}/{bucket.diagnostic}"
            lines.append(f"unconfirmed, not filed: {name} {shorten_path(Path(bucket.path))}")
    return lines


def _render_sweep(lane: LaneSummary) -> Iterator[str]:
    """Render what is complete: for a maintainer the most that a fuzzer can say."""
    for cell in lane.sweep:
        if cell.complete:
            yield f"complete: every program of {cell.cell} ({count(cell.programs, 'program')})"
        else:
            yield f"begun: {cell.cell} ({count(cell.programs, 'program')} so far)"


def _render_finding(bucket: BucketSummary, summary: Summary) -> Iterator[str]:
    # a bucket without a folder: triage has announced why
    status = ("new" if bucket.new else "filed earlier") if bucket.path else "not filed"
    name = bucket.title or f"{bucket.signal}/{bucket.diagnostic}"
    lane = f" on {bucket.target}, CPython {bucket.python}" if len(summary.lanes) > 1 else ""
    after = f"first after {bucket.first_seen_seconds:.1f} s{lane}"
    yield f"{name} ({status}, seen {count(bucket.sightings, 'time')}, {after})"
    if bucket.path:
        yield from _render_folder(Path(bucket.path))


def _render_folder(folder: Path) -> Iterator[str]:
    """Render the owner and the command that runs the script, as far as they are there."""
    try:
        finding = load(folder)
    except UserError as error:
        yield f"    {error}"
        return
    if finding.attribution:
        yield f"    owner: {describe_owner(finding.attribution)}"
    rate = describe_rate(finding.signal, finding.rate)
    yield f"    script {rate}:" if finding.script.n else f"    {rate}, which only finfuzz sees:"
    yield from (f"    {command}" for command in list_commands(finding, Path(shorten_path(folder))))
