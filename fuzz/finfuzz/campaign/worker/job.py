"""The job of a worker: one lane of the campaign, for a slice of its time."""

from __future__ import annotations

import msgspec

from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.plan import Engine, Plan
from finfuzz.campaign.totals import Totals
from finfuzz.executor.limits import Limits
from finfuzz.generation.learning import Tally


class JobPaths(msgspec.Struct, frozen=True, kw_only=True):
    """The folders of a job, which exist, and the files of its lane, which workers share.

    ``live`` is libFuzzer's, ``corpus`` has whole programs, ``signatures`` the first program of each
    signature, ``scratch`` what libFuzzer writes of a crash or a slow program. ``novelty``,
    ``explored`` and ``sweep`` are files.
    """

    live: str
    corpus: str
    signatures: str
    scratch: str
    novelty: str
    explored: str
    sweep: str


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's job, sent to its standard input as JSON.

    ``target`` on ``python`` (a path) is built. ``shared``: other workers or machines add programs
    to ``paths.live``. ``tallies``: what the lane has learnt.
    """

    target: str
    python: str
    seconds: float
    engine: Engine
    seed: int
    paths: JobPaths
    shared: bool
    deadline: float
    memory_mib: int
    abuse: bool
    tallies: tuple[Tally, ...] = ()

    @property
    def limits(self) -> Limits:
        return Limits(self.deadline, self.memory_mib, self.abuse)


def make_job(
    plan: Plan, totals: Totals, paths: StatePaths, lane: int, number: int, seconds: float
) -> Job:
    """Make the job of a campaign's worker. ``number``: counts the workers, so seeds differ."""
    target, bounds = plan.lanes[lane], plan.bounds
    return Job(
        target=target.target,
        python=target.python,
        seconds=seconds,
        engine=plan.engine,
        seed=(plan.seed + number * 7919 + totals.total.executions) % 2**31,
        paths=locate(paths, lane),
        shared=plan.workers > 1 or plan.sync is not None,
        deadline=bounds.deadline,
        memory_mib=bounds.memory_mib,
        abuse=plan.abuse,
        tallies=totals.lanes[lane].tallies,
    )


def locate(paths: StatePaths, lane: int) -> JobPaths:
    """Locate what a job of a lane has below a state folder."""
    return JobPaths(
        live=str(paths.live),
        corpus=str(paths.corpus),
        signatures=str(paths.signatures(lane)),
        scratch=str(paths.scratch),
        novelty=str(paths.novelty(lane)),
        explored=str(paths.explored(lane)),
        sweep=str(paths.sweep(lane)),
    )
