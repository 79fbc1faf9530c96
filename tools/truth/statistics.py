"""What trials say: how many found a defect, after how much, and whether one way is better."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from scipy import stats

from truth.table import Defect
from truth.trial import Engine, Result, Trial, When

#: Two ways of fuzzing differ on a defect where chance would make such a difference this rarely.
SIGNIFICANT = 0.05


class Arm(NamedTuple):
    """A way of fuzzing that is compared: an engine, and whether it begins with the corpus."""

    engine: Engine
    with_corpus: bool

    def __str__(self) -> str:
        return f"{self.engine}, from {'the corpus' if self.with_corpus else 'nothing'}"


ARMS = (
    Arm("coverage", False),
    Arm("events", False),
    Arm("random", False),
    Arm("random-fresh", False),
    Arm("coverage", True),
)


def arm_of(trial: Trial) -> Arm:
    return Arm(trial.engine, trial.corpus is not None)


class Times(NamedTuple):
    """One defect's times in the trials of one arm: infinite where it was not shown."""

    executions: list[float]
    seconds: list[float]
    reached: int

    @property
    def shown(self) -> int:
        return sum(map(math.isfinite, self.seconds))

    @property
    def median_executions(self) -> float:
        """Infinite where no more than half of the trials came to it."""
        return statistics.median_high(self.executions)

    @property
    def median_seconds(self) -> float:
        return statistics.median_high(self.seconds)


_NEVER = When(execution=0, second=math.inf)


def times(results: Sequence[Result], defect: Defect, arm: Arm) -> Times:
    """Of the arm's trials on the defect's bad build, in the order of their seeds."""
    those = [one for one in results if one.trial.bad == defect.bad and arm_of(one.trial) == arm]
    those.sort(key=lambda one: one.trial.seed)
    when = [one.shown.get(defect.name, _NEVER) for one in those]
    return Times(
        executions=[one.execution or math.inf for one in when],
        seconds=[one.second for one in when],
        reached=sum(defect.name in one.reached for one in those),
    )


class Comparison(NamedTuple):
    """``a12``: how often a trial of the one is earlier than one of the other, ties counting half.
    ``p``: Mann-Whitney, two-sided."""

    a12: float
    p: float

    @property
    def better(self) -> bool:
        return self.p < SIGNIFICANT and self.a12 > 0.5

    @property
    def worse(self) -> bool:
        return self.p < SIGNIFICANT and self.a12 < 0.5


def compare(one: Sequence[float], other: Sequence[float]) -> Comparison:
    """Of times of which less is better. Those that never came are equal, and later than all."""
    if set(one) == set(other) == {math.inf}:
        return Comparison(0.5, 1.0)
    later, p = stats.mannwhitneyu(one, other, alternative="two-sided")
    return Comparison(1 - float(later) / (len(one) * len(other)), float(p))


def survival(seconds: Sequence[float], until: float) -> list[tuple[float, float]]:
    """Kaplan-Meier's estimate of what share is not shown yet after so many seconds, as corners of a
    step line. What had not come by ``until`` is censored there."""
    came = [one for one in seconds if math.isfinite(one)]
    censored = [until] * (len(seconds) - len(came))
    data = stats.CensoredData(uncensored=came, right=censored)
    curve = stats.ecdf(data).sf
    corners, share = [(0.0, 1.0)], 1.0
    for second, left in zip(curve.quantiles, curve.probabilities, strict=True):
        corners += [(float(second), share), (float(second), float(left))]
        share = float(left)
    return [*corners, (until, share)]
