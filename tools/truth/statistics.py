"""Statistics of trials: how many showed a defect, how soon, and whether one arm is better."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scipy import stats

from truth.table import Defect
from truth.trial import Engine, Moment, Result, Trial

#: Two arms differ on a defect if chance gives such a difference less often than this.
SIGNIFICANT = 0.05


class Arm(NamedTuple):
    """One side of a comparison: an engine, and whether it begins with the corpus."""

    engine: Engine
    with_corpus: bool

    def __str__(self) -> str:
        return f"{self.engine}, from {'the corpus' if self.with_corpus else 'nothing'}"


#: The arm that no coverage guides.
RANDOM = Arm("random", False)
ARMS = (
    Arm("coverage", False),
    Arm("events", False),
    RANDOM,
    Arm("random-fresh", False),
    Arm("coverage", True),
)


def get_arm(trial: Trial) -> Arm:
    return Arm(trial.engine, trial.corpus is not None)


def list_arms(results: Iterable[Result]) -> list[Arm]:
    """List the arms of some results, each once, in the order of ARMS."""
    return sorted({get_arm(one.trial) for one in results}, key=ARMS.index)


class Times(NamedTuple):
    """Times to one defect in the trials of one arm: infinite where a trial did not show it."""

    executions: list[float]
    seconds: list[float]
    reached: int

    @property
    def shown(self) -> int:
        return sum(map(math.isfinite, self.seconds))

    @property
    def median_executions(self) -> float:
        """The median over all trials: infinite unless more than half showed the defect."""
        return statistics.median_high(self.executions)

    @property
    def median_seconds(self) -> float:
        return statistics.median_high(self.seconds)


_NEVER = Moment(execution=0, second=math.inf)


def collect_times(results: Sequence[Result], defect: Defect, arm: Arm) -> Times:
    """Collect the times of an arm's trials that watched the defect, in the order of their seeds."""
    chosen = [one for one in results if one.trial.watches(defect) and get_arm(one.trial) == arm]
    chosen.sort(key=lambda one: one.trial.seed)
    moments = [one.shown.get(defect.name, _NEVER) for one in chosen]
    return Times(
        executions=[one.execution or math.inf for one in moments],
        seconds=[one.second for one in moments],
        reached=sum(defect.name in one.reached for one in chosen),
    )


class Comparison(NamedTuple):
    """A comparison of two arms on one defect.

    ``a12``: the probability that a trial of the first arm is earlier than one of the second; a tie
    counts half. ``p``: Mann-Whitney, two-sided.
    """

    a12: float
    p: float

    @property
    def better(self) -> bool:
        return self.p < SIGNIFICANT and self.a12 > 0.5

    @property
    def worse(self) -> bool:
        return self.p < SIGNIFICANT and self.a12 < 0.5


def compare(one: Sequence[float], other: Sequence[float]) -> Comparison:
    """Compare times: less is better. Infinite times are equal, and later than all others."""
    if set(one) == set(other) == {math.inf}:
        return Comparison(0.5, 1.0)
    later, p = stats.mannwhitneyu(one, other, alternative="two-sided")
    return Comparison(1 - float(later) / (len(one) * len(other)), float(p))


def estimate_survival(seconds: Sequence[float], until: float) -> list[tuple[float, float]]:
    """Estimate the share not yet shown, by seconds (Kaplan-Meier), as the corners of a step line.

    Infinite times are censored at ``until``.
    """
    shown = [one for one in seconds if math.isfinite(one)]
    censored = [until] * (len(seconds) - len(shown))
    data = stats.CensoredData(uncensored=shown, right=censored)
    curve = stats.ecdf(data).sf
    corners, share = [(0.0, 1.0)], 1.0
    for second, left in zip(curve.quantiles, curve.probabilities, strict=True):
        corners += [(float(second), share), (float(second), float(left))]
        share = float(left)
    return [*corners, (until, share)]
