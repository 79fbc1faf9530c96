"""Warnings about a campaign: problems that its figures alone do not show."""

from __future__ import annotations

import time
from collections.abc import Iterator

from finfuzz.campaign.folder import MOST_SIGNATURES
from finfuzz.campaign.plan import Plan
from finfuzz.campaign.supervisor.resources import Usage
from finfuzz.campaign.totals import LaneTotals, Totals
from finfuzz.campaign.worker.signatures import FURTHER
from finfuzz.support.counting import count

#: Executions of a lane before its rates mean anything.
_ENOUGH = 2000
_UNTOUCHED = 0.5
_DISAGREES, _COMPARED = 0.02, 50
_DIES = 0.5
_STALE_SECONDS = 7200.0
_IN_CHILDREN = 0.6


def find_warnings(
    plan: Plan, totals: Totals, usage: Usage | None, feature_times: dict[int, float]
) -> list[str]:
    """Find what to warn about, the gravest first.

    ``feature_times``: when each lane last had a new feature, by the monotonic clock.
    """
    found = list(_check_resources(plan, usage))
    for number, lane in enumerate(totals.lanes):
        name = f"{plan.lanes[number]}: " if len(plan.lanes) > 1 else ""
        stale = time.monotonic() - feature_times.get(number, time.monotonic())
        found += [name + line for line in _check_lane(plan, lane, stale)]
    return found


def _check_resources(plan: Plan, usage: Usage | None) -> Iterator[str]:
    if usage is None:
        return
    if usage.free_mib < 1024:
        yield f"only {usage.free_mib:.0f} MiB are free on the disk"
    if usage.disk_mib > 0.9 * plan.bounds.disk_mib:
        disk = plan.bounds.disk_mib
        yield f"the state folder has {usage.disk_mib:.0f} of {disk} MiB (--disk)"
    if usage.memory_mib > 0.9 * plan.bounds.total_memory_mib:
        memory = plan.bounds.total_memory_mib
        yield f"the processes use {usage.memory_mib:.0f} of {memory} MiB (--total-memory)"


def _check_lane(plan: Plan, lane: LaneTotals, stale: float) -> Iterator[str]:
    total = lane.total
    if total.executions < _ENOUGH:
        return
    untouched = 1 - total.touched / total.executions
    if not total.touched:  # built into CPython, say, or pure Python
        yield "no program runs counted code of the extension: events alone guide the campaign"
    elif untouched > _UNTOUCHED:
        yield f"{10 * untouched:.0f} of 10 programs never run code of the extension"
    if total.deaths > _DIES * total.executions:
        share = total.deaths / total.executions
        yield f"{share:.0%} of the programs crash: what comes after a crash is hardly tested"
    if total.early:
        yield (
            f"{count(total.early, 'program')} ended early, by a process that ended itself: not "
            "filed, and what comes after is not tested; `finfuzz replay` names such programs"
        )
    if lane.compared >= _COMPARED and lane.disagreed > _DISAGREES * lane.compared:
        yield (
            f"zygote and fresh process disagree on {lane.disagreed / lane.compared:.0%} "
            f"of {lane.compared} programs"
        )
    if plan.engine == "atheris" and stale > _STALE_SECONDS:
        yield f"no new feature for {stale / 3600:.1f} h"
    if total.zygotes_replaced > 10 + total.executions / 10_000:
        yield f"{count(total.zygotes_replaced, 'zygote')} had to be replaced"
    if FURTHER in lane.signatures:
        number = lane.signatures[FURTHER].sightings
        crashes = count(number, "crash has a signature", "crashes have signatures")
        yield f"{crashes} beyond the {MOST_SIGNATURES} that are kept"
    children = total.child_seconds / max(total.seconds, 1e-9)
    if children < _IN_CHILDREN:
        yield f"workers spend only {children:.0%} of their time in children"
