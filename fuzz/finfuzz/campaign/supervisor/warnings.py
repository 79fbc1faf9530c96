"""What a person who runs a campaign should know and would not see in the figures."""

from __future__ import annotations

import time
from collections.abc import Iterator

from finfuzz.campaign.plan import Plan
from finfuzz.campaign.supervisor.resources import Use
from finfuzz.campaign.totals import LaneTotals, Totals
from finfuzz.campaign.worker.signatures import FURTHER

#: So many executions say something about a lane.
_ENOUGH = 2000
_UNTOUCHED = 0.5
_DISAGREES, _COMPARED = 0.02, 50
_DIES = 0.5
_STALE_SECONDS = 7200.0
_IN_CHILDREN = 0.6


def warnings(plan: Plan, totals: Totals, used: Use | None, fresh: dict[int, float]) -> list[str]:
    """Lines, the gravest first. ``fresh``: when each lane last had a new feature, by the monotonic
    clock."""
    found = list(_of_machine(plan, used))
    for number, lane in enumerate(totals.lanes):
        name = f"{plan.lanes[number]}: " if len(plan.lanes) > 1 else ""
        stale = time.monotonic() - fresh.get(number, time.monotonic())
        found += [name + line for line in _of_lane(plan, lane, stale)]
    return found


def _of_machine(plan: Plan, used: Use | None) -> Iterator[str]:
    if used is None:
        return
    if used.free_mib < 1024:
        yield f"{used.free_mib:.0f} MiB are free on the disk"
    if used.disk_mib > 0.9 * plan.bounds.disk_mib:
        yield f"the state folder has {used.disk_mib:.0f} of {plan.bounds.disk_mib} MiB"
    if used.memory_mib > 0.9 * plan.bounds.total_memory_mib:
        yield f"memory: {used.memory_mib:.0f} of {plan.bounds.total_memory_mib} MiB"


def _of_lane(plan: Plan, lane: LaneTotals, stale: float) -> Iterator[str]:
    total = lane.total
    if total.executions < _ENOUGH:
        return
    untouched = 1 - total.touched / total.executions
    if untouched > _UNTOUCHED:
        yield f"{10 * untouched:.0f} of 10 programs never run code of the extension"
    if total.deaths > _DIES * total.executions:
        share = total.deaths / total.executions
        yield f"{share:.0%} of the programs die: what lies behind that is hardly reached"
    if lane.compared >= _COMPARED and lane.disagreed > _DISAGREES * lane.compared:
        yield (
            f"zygote and fresh process disagree on {lane.disagreed / lane.compared:.0%} "
            f"of {lane.compared} programs"
        )
    if plan.engine == "atheris" and stale > _STALE_SECONDS:
        yield f"no new feature for {stale / 3600:.1f} h"
    if total.zygotes_replaced > 10 + total.executions / 10_000:
        yield f"{total.zygotes_replaced} zygotes had to be replaced"
    if FURTHER in lane.signatures:
        yield f"{lane.signatures[FURTHER].sightings} deaths look unlike the looks that are kept"
    children = total.child_seconds / max(total.seconds, 1e-9)
    if children < _IN_CHILDREN:
        yield f"only {children:.0%} of the time is spent in children"
