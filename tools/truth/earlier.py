"""A comparison with an earlier version of the fuzzer, on the defects that both have tried."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Sequence

from truth.statistics import RANDOM, Arm, Comparison, Times, collect_times, compare, list_arms
from truth.table import Defect
from truth.trial import Result


def render_earlier(
    defects: Sequence[Defect], results: Sequence[Result], earlier: Sequence[Result]
) -> list[str]:
    """Render the lines of a section: a table of arms, and one of the defects that differ.

    Nothing without ``earlier``, the results of that version. A row counts where both have trials.
    """
    arms = [arm for arm in list_arms(earlier) if arm in list_arms(results)]
    if not arms:
        return []
    lines = [
        "## Against an earlier version",
        "",
        "| | defects in both | shown then, of all (defect, trial) | now | median time then | now "
        "| sooner on (p < 0.05) | later on | sooner than random then | later |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    differing = []
    for arm in arms:
        pairs = list(_pair(defects, results, earlier, arm))
        versus = [compare(now.seconds, then.seconds) for _, now, then in pairs]
        chance = [
            compare(now.seconds, then.seconds)
            for defect, now, _ in pairs
            if (then := collect_times(earlier, defect, RANDOM)).seconds
        ]
        lines.append(_render_arm(arm, pairs, versus, chance))
        differing += [
            f"| {arm} | {defect.title} | {_render_cell(then)} | {_render_cell(now)} |"
            for (defect, now, then), one in zip(pairs, versus, strict=True)
            if one.better or one.worse
        ]
    if differing:
        lines += ["", "Where they differ (p < 0.05): shown in k of n trials, the median time.", ""]
        lines += ["| | defect | then | now |", "| --- | --- | --- | --- |", *differing]
    return [*lines, ""]


_Pair = tuple[Defect, Times, Times]


def _pair(
    defects: Sequence[Defect], results: Sequence[Result], earlier: Sequence[Result], arm: Arm
) -> Iterator[_Pair]:
    for defect in defects:
        now, then = collect_times(results, defect, arm), collect_times(earlier, defect, arm)
        if now.seconds and then.seconds:
            yield defect, now, then


def _render_arm(
    arm: Arm, pairs: Sequence[_Pair], versus: Sequence[Comparison], chance: Sequence[Comparison]
) -> str:
    now = [second for _, times, _ in pairs for second in times.seconds]
    then = [second for _, _, times in pairs for second in times.seconds]
    return (
        f"| {arm} | {len(pairs)} | {_count(then)} | {_count(now)} | {_render_median(then)} "
        f"| {_render_median(now)} | {sum(one.better for one in versus)} "
        f"| {sum(one.worse for one in versus)} "
        f"| {_sum(one.better for one in chance)} | {_sum(one.worse for one in chance)} |"
    )


def _sum(found: Iterable[bool]) -> str:
    """Render how many are true, and nothing where nothing was compared."""
    each = list(found)
    return str(sum(each)) if each else "—"


def _count(seconds: Sequence[float]) -> str:
    return f"{sum(map(math.isfinite, seconds))} of {len(seconds)}"


def _render_cell(times: Times) -> str:
    return f"{times.shown} of {len(times.seconds)}, {_render_median(times.seconds)}"


def _render_median(seconds: Sequence[float]) -> str:
    median = statistics.median_high(seconds)
    return f"{median:.1f} s" if math.isfinite(median) else "not in half"
