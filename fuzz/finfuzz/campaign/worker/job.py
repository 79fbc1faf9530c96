"""What one worker is to do: one lane of the campaign, for a slice of its time."""

from __future__ import annotations

import msgspec

from finfuzz.campaign.plan import Engine
from finfuzz.executor.limits import Limits
from finfuzz.generation.learning import Tally


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """``target`` and ``python`` (a path) are resolved and built; the folders exist.

    ``live`` is libFuzzer's folder, ``corpus`` where programs are kept whole, ``sightings`` where
    the first program of each look goes. ``shared``: other workers add to ``live`` meanwhile.
    ``tallies``: what the lane has learnt so far.
    """

    target: str
    python: str
    seconds: float
    engine: Engine
    seed: int
    live: str
    corpus: str
    sightings: str
    shared: bool
    deadline: float
    memory_mib: int
    abuse: bool
    tallies: tuple[Tally, ...] = ()

    @property
    def limits(self) -> Limits:
        return Limits(self.deadline, self.memory_mib, self.abuse)
