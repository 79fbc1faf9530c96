"""The summary of a campaign as text."""

from __future__ import annotations

from pathlib import Path

from finfuzz.campaign.plan import Plan
from finfuzz.campaign.summary import BucketSummary, LaneSummary, Summary


def render_summary(summary: Summary, crashes: Path, plan: Plan) -> str:
    """Render a summary, lane by lane."""
    lines = []
    for lane in summary.lanes:
        lines += _render_lane(lane, summary)
    if len(summary.lanes) > 1:
        lines.append(
            f"total: {summary.executions:,} executions in {summary.seconds:.0f} s "
            f"({summary.executions_per_second:.0f}/s)"
        )
    if any(bucket.path for bucket in summary.findings):
        python = plan.lanes[0].python
        run = f"in a finding's folder, run {python} repro.py"
        if any(lane.target.startswith("wheel:") for lane in plan.lanes):
            run += " (a wheel's script begins with the pip command that it needs)"
        lines.append(f"findings are in {crashes}; {run}")
    return "\n".join(lines)


def _render_lane(lane: LaneSummary, summary: Summary) -> list[str]:
    alone = len(summary.lanes) == 1
    figures = summary if alone else lane
    seconds = "s" if alone or summary.workers == 1 else "worker-seconds"
    lines = [
        f"{lane.target} on CPython {lane.python}: {lane.executions:,} executions in "
        f"{figures.seconds:.0f} {seconds} ({figures.executions_per_second:.0f}/s), "
        f"engine {summary.engine}, seed {summary.seed}"
    ]
    for title, count in lane.known.items():
        if count:
            lines.append(f"known, not filed: {title} ({_times(count)})")
    for bucket in _select(summary.unconfirmed, lane):
        lines.append(f"unconfirmed, not filed: {bucket.signal}/{bucket.diagnostic} {bucket.path}")
    findings = _select(summary.findings, lane)
    if not findings:
        lines.append("no findings")
    for bucket in findings:
        status = "new" if bucket.new else "filed earlier"
        if not bucket.path:
            status = "not filed"  # triage has announced why
        lines.append(
            f"{bucket.signal}/{bucket.diagnostic} ({status}, seen {_times(bucket.sightings)}, "
            f"first after {bucket.first_seen_seconds:.1f} s)"
            + (f": {bucket.path}" if bucket.path else "")
        )
    return lines


def _select(buckets: list[BucketSummary], lane: LaneSummary) -> list[BucketSummary]:
    return [one for one in buckets if (one.target, one.python) == (lane.target, lane.python)]


def _times(count: int) -> str:
    return "1 time" if count == 1 else f"{count} times"
