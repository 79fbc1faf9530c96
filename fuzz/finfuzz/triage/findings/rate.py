"""How often something happens: k of n runs, and what k says about the next runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import msgspec

#: 95 %, two-sided.
_Z = NormalDist().inv_cdf(0.975)

#: Ten equal results are enough: after 10 of 10 a rate below 72 % is unlikely, after 0 of 10 a rate
#: above 28 %.
FEW = 10
#: A mixed result is measured until its interval is this narrow, or MOST runs are done: a rate of a
#: half is then known to 15 % (1.96 * sqrt(0.25 / 40) = 0.15), at 60 ms a run.
WIDTH = 0.3
MOST = 40
#: A hang costs its whole deadline in each run, and that is ten times the campaign's.
HANG_RUNS = 2
#: The accepted chance of missing something because it was run too rarely.
_MISSED = 0.05


class Rate(msgspec.Struct, frozen=True):
    """``k`` times in ``n`` runs."""

    k: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.k <= self.n:
            raise ValueError(f"{self.k} of {self.n} is no rate")

    def __str__(self) -> str:
        return f"{self.k} of {self.n}"

    @property
    def interval(self) -> tuple[float, float]:
        """The bounds of the true rate at 95 % confidence (Wilson's score interval; 0 to 1)."""
        if self.n == 0:
            return 0.0, 1.0
        share, z2 = self.k / self.n, _Z * _Z
        middle = share + z2 / (2 * self.n)
        half = _Z * math.sqrt(share * (1 - share) / self.n + z2 / (4 * self.n * self.n))
        scale = 1 + z2 / self.n
        return max((middle - half) / scale, 0.0), min((middle + half) / scale, 1.0)

    @property
    def flaky(self) -> bool:
        """Whether some runs showed it and others did not."""
        return 0 < self.k < self.n

    @property
    def with_interval(self) -> str:
        """The rate and its interval as text: `7 of 10 (40 to 89 %)`."""
        return f"{self} ({self.interval_text})"

    @property
    def interval_text(self) -> str:
        """The interval as text: `40 to 89 %`."""
        low, high = self.interval
        return f"{low * 100:.0f} to {high * 100:.0f} %"

    def disagrees(self, other: Rate) -> bool:
        """Whether the two rates are unlikely to be equal: their intervals do not overlap."""
        (low, high), (others_low, others_high) = self.interval, other.interval
        return high < others_low or others_high < low

    def is_rarer_than(self, other: Rate) -> bool:
        """Whether this rate is lower than another: than a flaky one, by more than chance, or 0."""
        lower = self.k * other.n < other.k * self.n
        return lower and (not self.k or not other.flaky or self.disagrees(other))


#: Receives how many runs are done, and of how many: more if the result is mixed.
Report = Callable[[int, int], None]


def report_nothing(_done: int, _of: int) -> None:
    """Receive the number of runs where nobody wants it."""


def measure(happens: Callable[[], bool], most: int = MOST, report: Report = report_nothing) -> Rate:
    """Call ``happens`` until its rate is known, at most ``most`` times; ``report`` each time."""
    k = n = 0
    while n < most and not _is_known(Rate(k, n)):
        k += happens()
        n += 1
        report(n, most if k not in (0, n) else min(most, FEW))
    return Rate(k, n)


def runs_to_see(rate: Rate) -> int:
    """Count the runs that show something of this rate 19 times in 20; at most MOST.

    The chance of missing it n times is (1 - p) ** n. p is the measured rate, or the interval's
    lower bound where every run showed it.
    """
    if rate.n == 0:
        return 1
    if rate.k == 0:
        return MOST
    share = rate.k / rate.n if rate.flaky else rate.interval[0]
    return min(math.ceil(math.log(_MISSED) / math.log(1 - share)), MOST)


def _is_known(rate: Rate) -> bool:
    if rate.n < FEW:
        return False
    low, high = rate.interval
    return not rate.flaky or high - low <= WIDTH
