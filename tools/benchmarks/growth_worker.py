"""A worker whose children were run before: what a campaign's parent costs, and what it keeps.

    python -m benchmarks.growth_worker FOLDER PROGRAMS EXECUTIONS

A million real children take two hours. Here the first RECORDED are real; after that each execution
has the outcome and the counters of one of them, and each program that the worker begins with has a
counter more that no other has, so that libFuzzer keeps all of them. All else is the worker's own.
Prints a Checkpoint as JSON each time that ten times as many executions are done.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from pathlib import Path
from random import Random

import msgspec
import psutil

from benchmarks.alone import config
from finfuzz.campaign.folder import name_of
from finfuzz.campaign.worker import libfuzzer
from finfuzz.campaign.worker.job import Config
from finfuzz.campaign.worker.loop import Loop
from finfuzz.campaign.worker.program_source import Programs
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.generation.learning import Change
from finfuzz.program.model import Program
from finfuzz.program.text import to_text
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target

RECORDED = 300
TARGET, PYTHON = "plain-c", None


class Checkpoint(msgspec.Struct, frozen=True):
    """Since the last one: seconds of processor time an execution took, which other load does not
    touch. Now: memory of the worker, in MiB."""

    executions: int
    seconds_each: float
    mib: float


class RecordedExecutor(Executor):
    """``beginning``: how many programs the worker begins with."""

    def __init__(self, made: Build, beginning: int) -> None:
        super().__init__(made)
        self._beginning = beginning
        self._recorded: list[tuple[Outcome, bytes]] = []
        self._rng = Random(1)
        self._runs = 0

    def run(
        self, program: Program, limits: Limits | None = None, *, events: bool = False
    ) -> Outcome:
        self._runs += 1
        if len(self._recorded) < RECORDED:
            outcome = super().run(program, limits, events=events)
            self._recorded.append((outcome, self.shared.snapshot()))
        else:
            outcome, counters = self._rng.choice(self._recorded)
            ctypes.memmove(self.shared.counters_address, counters, len(counters))
        if self._runs <= self._beginning:
            self._mark(self._runs)
        return outcome

    def run_bare(self) -> None:
        """Nothing: a bare child is measured elsewhere."""

    def _mark(self, number: int) -> None:
        """A feature of its own, as long as there are counters enough."""
        ctypes.memset(self.shared.counters_address + number % self.shared.counters, 1, 1)


class Growing(Loop):
    """Says after 1,000, 10,000, … executions what each since the last time has cost."""

    def __init__(self, executor: Executor, told: Config, programs: Programs, first: int,
                 most: int) -> None:  # fmt: skip
        super().__init__(executor, told, programs.learner, os.open(os.devnull, os.O_WRONLY))
        self._first, self._most = first, most  # the first ones load the corpus, and are real
        self._next = 1000
        self._told, self._since = 0, 0.0

    @property
    def over(self) -> bool:
        return self.executions >= self._first + self._most

    def execute(self, program: Program, change: Change | None = None) -> Outcome:
        done = super().execute(program, change)
        count = self.executions - self._first
        if count == 0:
            self._since = time.process_time()
        elif count == self._next:
            self._checkpoint(count)
        return done

    def _checkpoint(self, count: int) -> None:
        each = (time.process_time() - self._since) / (count - self._told)
        mib = psutil.Process().memory_info().rss / 2**20
        os.write(1, msgspec.json.encode(Checkpoint(count, each, mib)) + b"\n")
        self._told, self._since, self._next = count, time.process_time(), 10 * count


def main(folder: Path, programs: int, executions: int) -> None:
    """Ends this process."""
    interpreter = pick_interpreter(PYTHON)
    made = build(resolve(parse_target(TARGET)), interpreter)
    executor = RecordedExecutor(made, programs)
    told = config(folder, made, "atheris", seed=1, seconds=0.0)
    source, rng = Programs(interpreter.version, made.spec.framework), Random(1)
    for _ in range(programs):
        text = to_text(source.new(rng).program)
        (Path(told.live) / name_of(text)).write_text(text, encoding="utf-8")
    loop = Growing(executor, told, source, programs + RECORDED, executions)
    libfuzzer.run(loop, source, executor, told)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
