"""The loop of every engine: run a program, count it, report to the supervisor."""

from __future__ import annotations

import signal
import statistics
import time
from pathlib import Path
from typing import NamedTuple

from finfuzz.campaign.messages import (
    Finished,
    FromWorker,
    Progress,
    SightingCounts,
    Tallies,
    WorkerWarning,
    ZygoteOutcome,
    send,
)
from finfuzz.campaign.worker.job import Job
from finfuzz.campaign.worker.signatures import SignatureCounter
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor, ZygoteDied
from finfuzz.generation.learning import Change, Learner
from finfuzz.program.model import Program
from finfuzz.program.text import to_text
from finfuzz.triage.diagnosis.ending import ends_early
from finfuzz.triage.findings.known import is_known_crash

_PROGRESS_SECONDS = 0.2
_TALLIES_SECONDS = 5.0
#: Interval of comparisons with a fresh process: 10 ms each, on triage's core.
_COMPARISON_SECONDS = 30.0
#: Interval of measuring bare children: five cost 15 ms, a two-thousandth of the time.
_FLOOR_SECONDS, _FLOOR_CHILDREN = 30.0, 5
#: The first one starts a zygote, in 50 ms: what is easy is found by then.
_FIRST_FLOOR_SECONDS = 1.0


#: Outcomes that wait for room on the disk, each up to 64 KiB of text: a campaign pauses meanwhile.
_MOST_UNWRITTEN = 100


class _Sight(NamedTuple):
    """A program that went wrong, at an execution and a second, and what made it."""

    program: Program
    outcome: Outcome
    execution: int
    seconds: float
    change: Change | None


class Loop:
    """The executions of a worker. ``over``: whether time is up or the worker was stopped."""

    def __init__(self, executor: Executor, job: Job, learner: Learner, pipe: int) -> None:
        self._executor = executor
        self._learner = learner
        self._pipe = pipe
        self._signatures = SignatureCounter(Path(job.paths.signatures))
        self._begin = time.monotonic()
        self._end = self._begin + job.seconds
        self._progress_at = self._tallies_at = self._comparison_at = 0.0
        self._floor_at = _FIRST_FLOOR_SECONDS - _FLOOR_SECONDS
        self._floor = 0.0
        self._took = [0, 0, 0]
        self._child_seconds = 0.0
        self._touched = self._deaths = self._early = 0
        self._stopped = False
        self._unwritten: list[_Sight] = []
        self.executions = 0
        self.mutation_seconds = 0.0
        self.unstable = 0
        signal.signal(signal.SIGTERM, self._stop)

    @property
    def over(self) -> bool:
        return self._stopped or time.monotonic() >= self._end

    def execute(self, program: Program, change: Change | None = None) -> Outcome:
        """Run a program, which ``change`` made, and report to the supervisor."""
        if self._now - self._floor_at >= _FLOOR_SECONDS:
            self._measure_floor()
        begin = time.perf_counter()
        outcome = self._executor.run(program)
        self._child_seconds += time.perf_counter() - begin
        self._count(program, outcome)
        if change is not None:
            self._learner.count_trial(change, program.cost)
        if outcome.notable:
            sight = _Sight(program, outcome, self.executions, self._now, change)
            if not self._add_signature(sight) and len(self._unwritten) < _MOST_UNWRITTEN:
                self._unwritten.append(sight)
        if outcome.died and not self._is_known(outcome):
            # Mutations of a program that crashes mostly crash alike: it must not steer.
            self._executor.shared.clear_counters()
        self._report(program, outcome)
        return outcome

    def send(self, message: FromWorker) -> None:
        """Send a message. Raises BrokenPipeError if the supervisor is gone."""
        send(self._pipe, message)

    def finish(self, problem: str = "", *, complete: bool = False) -> None:
        """Close the executor, so that no process stays behind, and send the last message.

        ``complete``: no program is left to run.
        """
        self._executor.close()
        self._flush()
        self.send(Tallies(self._learner.tallies))
        self.send(Finished(self._make_progress(), problem, complete))

    def _count(self, program: Program, outcome: Outcome) -> None:
        self.executions += 1
        for index, count in enumerate(outcome.took):
            self._took[index] += count
        self._deaths += outcome.died
        self._early += ends_early(outcome, program)
        self._touched += self._executor.shared.ran_blocks

    def _add_signature(self, sight: _Sight) -> bool:
        """Count a program that went wrong; return whether its signature could be written."""
        try:
            signature = self._signatures.add(
                sight.program, sight.outcome, sight.execution, sight.seconds
            )
        except OSError as error:  # a full disk
            if not self._unwritten:
                self.send(WorkerWarning(f"can't write a signature: {error.strerror}"))
            return False
        if signature is not None:
            self.send(signature)
            if sight.change is not None:
                self._learner.credit_signature(sight.change)
        return True

    def _retry_signatures(self) -> None:
        """Write signatures that could not be written: a program of the sweep comes but once."""
        self._unwritten = [one for one in self._unwritten if not self._add_signature(one)]

    def _is_known(self, outcome: Outcome) -> bool:
        build = self._executor.build
        return is_known_crash(outcome.stderr, build.spec, build.interpreter.text)

    @property
    def _now(self) -> float:
        return time.monotonic() - self._begin

    def _report(self, program: Program, outcome: Outcome) -> None:
        now = self._now
        if now - self._progress_at >= _PROGRESS_SECONDS:
            self._progress_at = now
            self._flush()
            self.send(self._make_progress())
        if now - self._tallies_at >= _TALLIES_SECONDS:
            self._tallies_at = now
            self.send(Tallies(self._learner.tallies))
        if now - self._comparison_at >= _COMPARISON_SECONDS and not outcome.timed_out:
            self._comparison_at = now
            self.send(ZygoteOutcome(to_text(program.without_comments()), outcome))

    def _flush(self) -> None:
        self._retry_signatures()
        if counts := self._signatures.take_unsent():
            self.send(SightingCounts(counts))

    def _make_progress(self) -> Progress:
        return Progress(
            executions=self.executions,
            seconds=self._now,
            child_seconds=self._child_seconds,
            mutation_seconds=self.mutation_seconds,
            took=(self._took[0], self._took[1], self._took[2]),
            touched=self._touched,
            deaths=self._deaths,
            early=self._early,
            zygotes_replaced=self._executor.replaced,
            unstable=self.unstable,
            floor_seconds=self._floor,
        )

    def _measure_floor(self) -> None:
        self._floor_at = self._now
        self._executor.run(Program())  # starts a zygote if there is none
        times = []
        for _ in range(_FLOOR_CHILDREN):
            begin = time.perf_counter()
            try:
                self._executor.run_bare()
            except ZygoteDied:  # killed from outside, say: the next program gets another
                break
            times.append(time.perf_counter() - begin)
        if times:
            self._floor = statistics.median(times)
        self._executor.shared.clear_counters()

    def _stop(self, *_: object) -> None:
        self._stopped = True
