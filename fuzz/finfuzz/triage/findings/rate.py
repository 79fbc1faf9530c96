"""How often something happens: k of n runs, and what that says of the next ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import msgspec

#: 95 %, two-sided.
_Z = NormalDist().inv_cdf(0.975)

#: Ten alike are enough: ten of ten leave a rate below 72 % unlikely, none of ten one above 28 %.
FEW = 10
#: What is not always so is run until its interval is this narrow, or as often as MOST: a rate of a
#: half is then known to 15 % (1.96 * sqrt(0.25 / 40) = 0.15), at 60 ms each.
WIDTH = 0.3
MOST = 40
#: The chance that is left of missing something by running it too rarely.
_MISSED = 0.05


class Rate(msgspec.Struct, frozen=True):
    """``k`` times of ``n``."""

    k: int
    n: int

    def __str__(self) -> str:
        return f"{self.k} of {self.n}"

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true rate lies with 95 % confidence (Wilson's score interval; 0 to 1)."""
        if self.n == 0:
            return 0.0, 1.0
        share, z2 = self.k / self.n, _Z * _Z
        middle = share + z2 / (2 * self.n)
        half = _Z * math.sqrt(share * (1 - share) / self.n + z2 / (4 * self.n * self.n))
        scale = 1 + z2 / self.n
        return max((middle - half) / scale, 0.0), min((middle + half) / scale, 1.0)

    @property
    def flaky(self) -> bool:
        """Whether it happened and did not always happen."""
        return 0 < self.k < self.n

    @property
    def told(self) -> str:
        """With its interval: `7 of 10 (40 to 89 %)`."""
        low, high = self.interval
        return f"{self} ({low * 100:.0f} to {high * 100:.0f} %)"

    def disagrees(self, other: Rate) -> bool:
        """Whether the two can't well be the same rate: their intervals do not meet."""
        (low, high), (others_low, others_high) = self.interval, other.interval
        return high < others_low or others_high < low


def measured(happens: Callable[[], bool], most: int = MOST) -> Rate:
    """Calls ``happens`` until its rate is known, at most ``most`` times."""
    k = n = 0
    while n < most and not _is_known(Rate(k, n)):
        k += happens()
        n += 1
    return Rate(k, n)


def runs_to_see(rate: Rate) -> int:
    """How many runs show what happens at that rate but for one time in twenty, at most MOST.

    Missing it n times has the chance (1 - p) ** n; p is what was seen, or the least it can well be
    where it was always so.
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
