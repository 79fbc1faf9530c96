"""Longer trials: what came only then, and their beginnings as trials of the usual length."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence

import msgspec

from truth.statistics import Times, collect_times, list_arms
from truth.table import Defect
from truth.trial import Moment, Result


def shorten(results: Iterable[Result], seconds: float) -> list[Result]:
    """Return the beginnings of trials: what each had reached and shown within ``seconds``.

    Executions until then are those at the trial's mean rate: a trial doesn't record them.
    """
    return [_shorten(one, seconds) for one in results]


def _shorten(result: Result, seconds: float) -> Result:
    def keep(moments: dict[str, Moment]) -> dict[str, Moment]:
        return {name: one for name, one in moments.items() if one.second <= seconds}

    shown, trial = keep(result.shown), msgspec.structs.replace(result.trial, seconds=seconds)
    spent = min(result.seconds, seconds)
    executions = round(result.executions * spent / result.seconds)
    return Result(trial, keep(result.reached), shown, executions, spent)


def render_longer(defects: Sequence[Defect], longer: Sequence[Result], usual: float) -> list[str]:
    """Render the lines of a section: how many came, and a table of what took more than ``usual``.

    ``usual``: the seconds of the usual trials. Nothing without ``longer``.
    """
    if not longer:
        return []
    seconds = max(one.trial.seconds for one in longer)
    lines = ["## Longer trials", ""]
    for arm in list_arms(longer):
        found = {
            one: times for one in defects if (times := collect_times(longer, one, arm)).seconds
        }
        every = sum(times.shown == len(times.seconds) for times in found.values())
        most = sum(times.shown >= 0.8 * len(times.seconds) for times in found.values())
        each = [second for times in found.values() for second in times.seconds]
        lines += [
            f"Trials of {seconds:g} s, {arm}: {sum(map(math.isfinite, each))} of {len(each)} "
            f"(defect, trial) shown, of {len(found)} defects {every} in every trial and {most} in "
            f"at least four of five, half of all within {statistics.median_high(each):.1f} s. What "
            f"did not come within {usual:g} s in every trial:",
            "",
            "| defect | build | shown | median | slowest |",
            "| --- | --- | --- | --- | --- |",
            *(
                f"| {one.title} | {one.bad} | {times.shown} of {len(times.seconds)} "
                f"| {_render(times.median_seconds)} | {_render(max(times.seconds))} |"
                for one, times in sorted(found.items(), key=lambda pair: _rank(pair[1]))
                if max(times.seconds) > usual
            ),
            "",
        ]
    return lines


def _rank(times: Times) -> tuple[float, float]:
    return times.median_seconds, -times.shown


def _render(second: float) -> str:
    return f"{second:.0f} s" if math.isfinite(second) else "—"
