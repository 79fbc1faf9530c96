"""What every engine does with one program: run it, count it, tell the supervisor."""

from __future__ import annotations

import signal
import statistics
import time
from pathlib import Path

from finfuzz.campaign.messages import (
    Counts,
    Ended,
    FromWorker,
    Progress,
    Sample,
    Tallies,
    Trouble,
    send,
)
from finfuzz.campaign.worker.job import Config
from finfuzz.campaign.worker.signatures import Signatures
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.generation.learning import Change, Learner
from finfuzz.program.model import Program
from finfuzz.program.scope import runnable
from finfuzz.program.text import to_text
from finfuzz.triage.findings.known import is_known_crash

_PROGRESS_SECONDS = 0.2
_TALLIES_SECONDS = 5.0
#: A fresh process beside a zygote's child now and then: 10 ms of the other core.
_SAMPLE_SECONDS = 30.0
#: Five bare children, 15 ms, that often: a two-thousandth of the time.
_FLOOR_SECONDS, _FLOOR_CHILDREN = 30.0, 5


class Loop:
    """One worker's executions. ``over`` turns true when time is up or the supervisor said so."""

    def __init__(self, executor: Executor, config: Config, learner: Learner, pipe: int) -> None:
        self._executor = executor
        self._learner = learner
        self._python = executor.build.interpreter.version[:2]
        self._abuse = config.abuse
        self._pipe = pipe
        self._signatures = Signatures(Path(config.sightings))
        self._begin = time.monotonic()
        self._end = self._begin + config.seconds
        self._told = self._tallied = self._sampled = 0.0
        self._measured = -_FLOOR_SECONDS
        self._floor = 0.0
        self._took = [0, 0, 0]
        self._child_seconds = 0.0
        self._touched = self._deaths = 0
        self._stopped = False
        self.executions = 0
        self.mutation_seconds = 0.0
        self.unstable = 0
        signal.signal(signal.SIGTERM, self._stop)

    @property
    def over(self) -> bool:
        return self._stopped or time.monotonic() >= self._end

    def execute(self, program: Program, change: Change | None = None) -> tuple[str, Outcome]:
        """Runs a program, which ``change`` made, and reports what is worth it; returns what the
        child was given, and its outcome."""
        if self._now - self._measured >= _FLOOR_SECONDS:
            self._measure_floor()
        steps = runnable(program, self._python, abuse=self._abuse)
        begin = time.perf_counter()
        outcome = self._executor.run(steps)
        self._child_seconds += time.perf_counter() - begin
        self._count(outcome)
        if change is not None:
            self._learner.tried(change)
        if outcome.notable:
            self._sight(program, outcome, change)
        if outcome.died and not self._is_known(outcome):
            # A dead program's neighbours mostly die the same death: it is no step on the way.
            self._executor.shared.clear_counters()
        self._tell(program, outcome)
        return steps, outcome

    def send(self, message: FromWorker) -> None:
        """Tells the supervisor. Raises BrokenPipeError where that is gone."""
        send(self._pipe, message)

    def finish(self, problem: str = "") -> None:
        """Says goodbye; the executor is closed, so that nothing of it stays behind."""
        self._executor.close()
        self._flush()
        self.send(Tallies(self._learner.tallies))
        self.send(Ended(self._progress(), problem))

    def _count(self, outcome: Outcome) -> None:
        self.executions += 1
        for index, count in enumerate(outcome.took):
            self._took[index] += count
        self._deaths += outcome.died
        self._touched += self._executor.shared.ran_blocks

    def _sight(self, program: Program, outcome: Outcome, change: Change | None) -> None:
        try:
            signature = self._signatures.add(program, outcome, self.executions, self._now)
        except OSError as error:  # a full disk; it will be met again
            self.send(Trouble(f"a sighting can't be written: {error.strerror}"))
            return
        if signature is not None:
            self.send(signature)
            if change is not None:
                self._learner.found_signature(change)

    def _is_known(self, outcome: Outcome) -> bool:
        build = self._executor.build
        return is_known_crash(outcome.stderr, build.spec, build.interpreter.text)

    @property
    def _now(self) -> float:
        return time.monotonic() - self._begin

    def _tell(self, program: Program, outcome: Outcome) -> None:
        now = self._now
        if now - self._told >= _PROGRESS_SECONDS:
            self._told = now
            self._flush()
            self.send(self._progress())
        if now - self._tallied >= _TALLIES_SECONDS:
            self._tallied = now
            self.send(Tallies(self._learner.tallies))
        if now - self._sampled >= _SAMPLE_SECONDS and not outcome.timed_out:
            self._sampled = now
            self.send(Sample(to_text(program.without_comments()), outcome))

    def _flush(self) -> None:
        if counts := self._signatures.unsent():
            self.send(Counts(counts))

    def _progress(self) -> Progress:
        return Progress(
            executions=self.executions,
            seconds=self._now,
            child_seconds=self._child_seconds,
            mutation_seconds=self.mutation_seconds,
            took=(self._took[0], self._took[1], self._took[2]),
            touched=self._touched,
            deaths=self._deaths,
            zygotes_replaced=self._executor.replaced,
            unstable=self.unstable,
            floor_seconds=self._floor,
        )

    def _measure_floor(self) -> None:
        self._measured = self._now
        self._executor.run("")  # a zygote to measure; it may be the first
        times = []
        for _ in range(_FLOOR_CHILDREN):
            begin = time.perf_counter()
            self._executor.run_bare()
            times.append(time.perf_counter() - begin)
        self._floor = statistics.median(times)
        self._executor.shared.clear_counters()

    def _stop(self, *_: object) -> None:
        self._stopped = True
