"""Messages of workers: each updates the totals, and may become a request to triage."""

from __future__ import annotations

import time
from collections.abc import Callable

from finfuzz.campaign.messages import (
    CorpusAddition,
    Finished,
    FromWorker,
    NewSignature,
    Progress,
    SightingCounts,
    Tallies,
    WorkerWarning,
    ZygoteOutcome,
)
from finfuzz.campaign.supervisor.pool import Member, Pool
from finfuzz.campaign.supervisor.triage_queue import TriageQueue
from finfuzz.campaign.totals import Totals


class WorkerMessages:
    """The messages of all workers. ``feature_times``: when each lane last had a new feature."""

    def __init__(
        self,
        totals: Totals,
        pool: Pool,
        triage: TriageQueue,
        announce: Callable[[str], None],
    ) -> None:
        self._totals, self._pool, self._triage, self._announce = totals, pool, triage, announce
        self.feature_times: dict[int, float] = {}

    def take(self, worker: Member, message: FromWorker) -> None:
        """Apply a message of a worker."""
        lane = self._totals.lanes[worker.lane]
        if isinstance(message, Progress):
            lane.running[worker.slot] = message
        elif isinstance(message, NewSignature):
            self._take_signature(worker, message)
        elif isinstance(message, SightingCounts):
            lane.add_sightings(message.counts)
            self._triage.add_sightings(worker.lane, message.counts)
        elif isinstance(message, CorpusAddition):
            self._totals.add_program(worker.lane, message)
        elif isinstance(message, Tallies):
            lane.update_tallies(worker.slot, message.tallies)
        elif isinstance(message, ZygoteOutcome):
            self._triage.add_comparison(worker.lane, message)
        elif isinstance(message, WorkerWarning):
            self._announce(message.line)
        elif isinstance(message, Finished):
            lane.running[worker.slot] = message.progress
            worker.finished, worker.problem = True, message.problem
            worker.complete = message.complete
            if message.complete:
                self._pool.complete.add(worker.lane)

    def take_libfuzzer(self, worker: Member, figures: dict[str, int]) -> None:
        """Apply the figures of a worker's libFuzzer."""
        lane = self._totals.lanes[worker.lane]
        before = lane.features
        lane.update_libfuzzer(worker.slot, figures)
        if lane.features != before:
            self.feature_times[worker.lane] = time.monotonic()

    def _take_signature(self, worker: Member, message: NewSignature) -> None:
        """Convert the worker's execution and seconds into the campaign's."""
        lane = self._totals.lanes[worker.lane]
        progress = lane.running.get(worker.slot, Progress())
        execution = self._totals.total.executions - progress.executions + message.execution
        since = (message.seconds - progress.seconds) / self._pool.size
        seconds = self._pool.elapsed + since
        if lane.add_signature(message.signature, execution, seconds):
            self._triage.add_signature(worker.lane, message.signature, execution, seconds)
