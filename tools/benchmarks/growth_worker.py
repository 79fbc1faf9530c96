"""A worker with recorded children, to measure the time and the memory of a campaign's parent.

    python -m benchmarks.growth_worker FOLDER PROGRAMS EXECUTIONS

A million real children take two hours. Here the first RECORDED children are real; each later
execution gets the outcome and the counters of one of them. Each program of the initial corpus sets
one more counter that no other program sets, so that libFuzzer keeps them all. The rest is a worker
as it is. It prints a Checkpoint as JSON after 1,000, 10,000, … executions.
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

from benchmarks.standalone_worker import make_job
from finfuzz.campaign.folder import hash_program
from finfuzz.campaign.worker import libfuzzer
from finfuzz.campaign.worker.chooser import Chooser
from finfuzz.campaign.worker.job import Job
from finfuzz.campaign.worker.loop import Loop
from finfuzz.campaign.worker.program_source import ProgramSource
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.generation.learning import Change
from finfuzz.program.model import Program
from finfuzz.program.text import to_text
from finfuzz.targets.build import Build, build
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target

RECORDED = 300
TARGET, PYTHON = "plain-c", None


class Checkpoint(msgspec.Struct, frozen=True):
    """Figures since the checkpoint before.

    ``seconds_each``: processor time of an execution, which other load on the machine does not
    change. ``mib``: memory of the worker now.
    """

    executions: int
    seconds_each: float
    mib: float


class RecordedExecutor(Executor):
    """An executor whose later children are replayed. ``beginning``: size of the initial corpus."""

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

    def run_bare(self, *, imported: bool = False) -> None:
        """Do nothing: bare children are measured elsewhere."""

    def _mark(self, number: int) -> None:
        """Set a counter that no other program sets, as long as there are enough counters."""
        ctypes.memset(self.shared.counters_address + number % self.shared.counters, 1, 1)


class CheckpointingLoop(Loop):
    """A loop that prints a checkpoint after 1,000, 10,000, … executions."""

    def __init__(self, executor: Executor, config: Job, programs: ProgramSource, first: int,
                 most: int) -> None:  # fmt: skip
        super().__init__(executor, config, programs.learner, os.open(os.devnull, os.O_WRONLY))
        self._first, self._most = first, most  # the first executions load the corpus and are real
        self._next = 1000
        self._last, self._since = 0, 0.0

    @property
    def over(self) -> bool:
        return self.executions >= self._first + self._most

    def execute(self, program: Program, change: Change | None = None) -> Outcome:
        done = super().execute(program, change)
        count = self.executions - self._first
        if count == 0:
            self._since = time.process_time()
        elif count == self._next:
            self._print_checkpoint(count)
        return done

    def _print_checkpoint(self, count: int) -> None:
        each = (time.process_time() - self._since) / (count - self._last)
        mib = psutil.Process().memory_info().rss / 2**20
        os.write(1, msgspec.json.encode(Checkpoint(count, each, mib)) + b"\n")
        self._last, self._since, self._next = count, time.process_time(), 10 * count


def main(folder: Path, programs: int, executions: int) -> None:
    """Run the worker; libFuzzer then ends this process."""
    interpreter = pick_interpreter(PYTHON)
    made = build(resolve(parse_target(TARGET)), interpreter)
    executor = RecordedExecutor(made, programs)
    config = make_job(folder, made, "atheris", seed=1, seconds=0.0)
    source, rng = ProgramSource.for_build(made), Random(1)
    for _ in range(programs):
        text = to_text(source.generate(rng).program)
        (Path(config.paths.live) / hash_program(text)).write_text(text, encoding="utf-8")
    loop = CheckpointingLoop(executor, config, source, programs + RECORDED, executions)
    libfuzzer.run(loop, Chooser.for_job(config, source, made), executor, config)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
