"""One trial: one engine on one bad build, and when it first reached and showed each defect.

    python -m truth.trial FOLDER

reads a Trial as JSON from standard input and writes a Result to standard output; FOLDER is for the
worker's files. Engine, loop and mutations are those of a campaign's worker. Only the watch belongs
to the benchmark, and its time is not counted.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from benchmarks.standalone_worker import make_job
from finfuzz.campaign.plan import Engine as WorkersEngine
from finfuzz.campaign.worker import libfuzzer, random_engine
from finfuzz.campaign.worker.chooser import Chooser
from finfuzz.campaign.worker.job import Job
from finfuzz.campaign.worker.loop import Loop
from finfuzz.campaign.worker.program_source import ProgramSource
from finfuzz.campaign.worker.signatures import compute_signature
from finfuzz.executor import process
from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.generation.learning import Change
from finfuzz.program.model import Program
from finfuzz.program.scope import effective
from finfuzz.targets.build import build
from finfuzz.targets.built import Build
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target
from finfuzz.triage.diagnosis import Diagnosis, diagnose
from finfuzz.triage.oracles.compare import compare
from truth.table import BadBuild, Defect, collect_ingredients, load

#: `coverage`: libFuzzer guided by blocks and events; `events`: by events alone, with an extension
#: compiled without coverage; `random`: unguided; `random-fresh`: unguided and without a zygote.
Engine = Literal["coverage", "events", "random", "random-fresh"]


class Trial(msgspec.Struct, frozen=True):
    """The parameters of a trial. ``corpus``: the folder of programs to begin with, or None.

    A trial ends after ``seconds`` of the engine's own time, after ``executions``, or when every
    defect has been shown. ``defects``: the names of those to watch; empty for all of the build's.
    """

    target: str
    python: str
    engine: Engine
    corpus: str | None
    seed: int
    seconds: float
    executions: int
    defects: tuple[str, ...] = ()

    @property
    def bad(self) -> BadBuild:
        return BadBuild(self.target, self.python)

    def watches(self, defect: Defect) -> bool:
        """Whether the trial can show a defect: a later table has rows that it did not know."""
        return self.bad == defect.bad and (not self.defects or defect.name in self.defects)


class Moment(msgspec.Struct, frozen=True):
    """A moment of a trial: the execution, from 1, and the seconds of the engine's own time."""

    execution: int
    second: float


class Result(msgspec.Struct, frozen=True):
    """The result of a trial. ``reached``, ``shown``: first moments, by a defect's name."""

    trial: Trial
    reached: dict[str, Moment]
    shown: dict[str, Moment]
    executions: int
    seconds: float


class Watch:
    """Records when a trial first reaches and shows each defect.

    As in a campaign, the first program of a signature is diagnosed, for all that have it.
    """

    def __init__(self, made: Build, defects: Sequence[Defect]) -> None:
        self._build = made
        self._unreached = list(defects)
        self._unshown = list(defects)
        self._diagnosed: dict[str, tuple[Diagnosis, ...]] = {}
        self.reached: dict[str, Moment] = {}
        self.shown: dict[str, Moment] = {}

    @property
    def is_over(self) -> bool:
        """Whether every defect has been shown."""
        return not self._unshown

    def record(self, program: Program, outcome: Outcome, moment: Moment) -> None:
        """Record an execution. ``program``: the steps that had an effect."""
        if self._unreached:
            present = collect_ingredients(program.steps)
            for defect in [one for one in self._unreached if one.ingredients <= present]:
                self.reached[defect.name] = moment
                self._unreached.remove(defect)
        if outcome.notable:
            found = self._diagnose(program, outcome)
            for defect in [one for one in self._unshown if one.is_shown_by(program, found)]:
                self.shown[defect.name] = moment
                self._unshown.remove(defect)
                if defect in self._unreached:  # shown by other words than its program's
                    self.reached[defect.name] = moment
                    self._unreached.remove(defect)

    def _diagnose(self, program: Program, outcome: Outcome) -> tuple[Diagnosis, ...]:
        signature = compute_signature(program, outcome)
        if signature not in self._diagnosed:
            compared = compare(self._build, program, outcome, Limits())
            self._diagnosed[signature] = diagnose(compared, Limits().memory_mib)
        return self._diagnosed[signature]


class WatchedLoop(Loop):
    """A worker's loop with a watch; it ends when the trial does."""

    def __init__(self, executor: Executor, config: Job, programs: ProgramSource, trial: Trial,
                 watch: Watch) -> None:  # fmt: skip
        super().__init__(executor, config, programs.learner, os.open(os.devnull, os.O_WRONLY))
        self._trial, self._watch = trial, watch
        self._python = executor.build.interpreter.version
        self._watching = 0.0
        self._since = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._since - self._watching

    @property
    def over(self) -> bool:
        return (
            self._watch.is_over
            or self.executions >= self._trial.executions
            or self.seconds >= self._trial.seconds
        )

    def execute(self, program: Program, change: Change | None = None) -> Outcome:
        outcome = super().execute(program, change)
        begin = time.monotonic()
        had_effect = effective(program, self._python)
        self._watch.record(had_effect, outcome, Moment(self.executions, self.seconds))
        self._watching += time.monotonic() - begin
        return outcome

    def finish(self, problem: str = "", *, complete: bool = False) -> None:  # noqa: ARG002
        if problem:
            sys.exit(problem)
        watch, seconds = self._watch, self.seconds
        result = Result(self._trial, watch.reached, watch.shown, self.executions, seconds)
        os.write(1, msgspec.json.encode(result))
        super().finish()


class FreshExecutor(Executor):
    """An executor without a zygote: each program runs in a fresh process."""

    def run(
        self,
        program: Program,
        limits: Limits | None = None,
        *,
        events: bool = False,  # noqa: ARG002  always recorded
    ) -> Outcome:
        return run_fresh(self.build, program, limits or self.limits)

    def run_bare(self, *, imported: bool = False) -> None:  # noqa: ARG002
        self.run(Program())


def run(trial: Trial, folder: Path) -> None:
    """Run a trial; libFuzzer ends this process."""
    process.adopt_orphans()
    interpreter = pick_interpreter(trial.python)
    made = build(
        resolve(parse_target(trial.target)),
        interpreter,
        instrumented=trial.engine == "coverage",
    )
    executor = (FreshExecutor if trial.engine == "random-fresh" else Executor)(made)
    programs = ProgramSource.for_build(made)
    watch = Watch(made, [one for one in load() if trial.watches(one)])
    engine: WorkersEngine = "random" if trial.engine.startswith("random") else "atheris"
    corpus = Path(trial.corpus) if trial.corpus else None
    config = make_job(folder, made, engine, trial.seed, trial.seconds, corpus)
    loop = WatchedLoop(executor, config, programs, trial, watch)
    chooser = Chooser.for_job(config, programs, made)
    if engine == "random":
        random_engine.run(loop, chooser, trial.seed)
        loop.finish()
    else:
        libfuzzer.run(loop, chooser, executor, config)


if __name__ == "__main__":
    run(msgspec.json.decode(sys.stdin.buffer.read(), type=Trial), Path(sys.argv[1]))
