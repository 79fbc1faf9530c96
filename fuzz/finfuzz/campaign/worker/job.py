"""The job of a worker: one lane of the campaign, for a slice of its time."""

from __future__ import annotations

import msgspec

from finfuzz.campaign.plan import Engine
from finfuzz.executor.limits import Limits
from finfuzz.generation.learning import Tally


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's job, sent to its standard input as JSON.

    ``target`` on ``python`` (a path) is built, and the folders exist: ``live`` is libFuzzer's,
    ``corpus`` has whole programs, ``signatures`` the first program of each signature, ``scratch``
    what libFuzzer writes of a crash or a slow program. ``novelty``, ``explored`` and ``sweep`` are
    files of the lane that its workers share.
    ``shared``: other workers or machines add programs to ``live``. ``tallies``: what the lane has
    learnt.
    """

    target: str
    python: str
    seconds: float
    engine: Engine
    seed: int
    live: str
    corpus: str
    signatures: str
    scratch: str
    novelty: str
    explored: str
    sweep: str
    shared: bool
    deadline: float
    memory_mib: int
    abuse: bool
    tallies: tuple[Tally, ...] = ()

    @property
    def limits(self) -> Limits:
        return Limits(self.deadline, self.memory_mib, self.abuse)
