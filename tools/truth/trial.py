"""One trial: one engine on one bad build, and when it first reached and showed each defect there.

    python -m truth.trial FOLDER, with a Trial as JSON on standard input and a Result on standard
    output; FOLDER is for what a worker writes.

The engine, its loop and its mutations are those of a campaign's worker; only what watches them is
the benchmark's, and the time that takes is not counted.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from benchmarks.alone import config
from finfuzz.campaign.plan import Engine as WorkersEngine
from finfuzz.campaign.worker import libfuzzer, random_engine
from finfuzz.campaign.worker.job import Config
from finfuzz.campaign.worker.loop import Loop
from finfuzz.campaign.worker.program_source import Programs
from finfuzz.campaign.worker.signatures import signature_of
from finfuzz.executor import process
from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.generation.learning import Change
from finfuzz.program.model import Program
from finfuzz.program.scope import effective
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target
from finfuzz.triage.diagnosis import Diagnosis, diagnose
from truth.table import Bad, Defect, ingredients, load

#: `coverage`: libFuzzer with blocks and events; `events`: with events alone, the extension being
#: compiled without coverage; `random`: nothing guides; `random-fresh`: nor is there a zygote.
Engine = Literal["coverage", "events", "random", "random-fresh"]


class Trial(msgspec.Struct, frozen=True):
    """``corpus``: the folder of programs to begin with, or none. It is over after so many seconds
    of the engine's own or so many executions, or when every defect has been shown."""

    target: str
    python: str
    engine: Engine
    corpus: str | None
    seed: int
    seconds: float
    executions: int

    @property
    def bad(self) -> Bad:
        return Bad(self.target, self.python)


class When(msgspec.Struct, frozen=True):
    """The execution, from 1, and the engine's second."""

    execution: int
    second: float


class Result(msgspec.Struct, frozen=True):
    """``reached``, ``shown``: by a defect's name; what is absent did not happen."""

    trial: Trial
    reached: dict[str, When]
    shown: dict[str, When]
    executions: int
    seconds: float


class Watch:
    """Sees every execution of a trial."""

    def __init__(self, defects: Sequence[Defect]) -> None:
        self._unreached = list(defects)
        self._unshown = list(defects)
        self._diagnosed: dict[str, tuple[Diagnosis, ...]] = {}
        self.reached: dict[str, When] = {}
        self.shown: dict[str, When] = {}

    @property
    def has_seen_all(self) -> bool:
        return not self._unshown

    def saw(self, program: Program, outcome: Outcome, when: When) -> None:
        """Take an execution into account. ``program``: the steps that had an effect."""
        if self._unreached:
            there = ingredients(program.steps)
            for defect in [one for one in self._unreached if one.ingredients <= there]:
                self.reached[defect.name] = when
                self._unreached.remove(defect)
        if outcome.notable or outcome.stderr:
            found = self._diagnoses(outcome)
            for defect in [one for one in self._unshown if one.is_shown_by(outcome, found)]:
                self.shown[defect.name] = when
                self._unshown.remove(defect)
                if defect in self._unreached:  # by another way than its program's
                    self.reached[defect.name] = when
                    self._unreached.remove(defect)

    def _diagnoses(self, outcome: Outcome) -> tuple[Diagnosis, ...]:
        if not outcome.notable:
            return ()
        signature = signature_of(outcome)
        if signature not in self._diagnosed:
            self._diagnosed[signature] = diagnose(outcome, Limits().memory_mib)
        return self._diagnosed[signature]


class WatchedLoop(Loop):
    """A worker's loop that a watch looks at, for so long."""

    def __init__(self, executor: Executor, told: Config, programs: Programs, trial: Trial,
                 watch: Watch) -> None:  # fmt: skip
        super().__init__(executor, told, programs.learner, os.open(os.devnull, os.O_WRONLY))
        self._trial, self._watch = trial, watch
        self._python = executor.build.interpreter.version[:2]
        self._watching = 0.0
        self._since = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._since - self._watching

    @property
    def over(self) -> bool:
        return (
            self._watch.has_seen_all
            or self.executions >= self._trial.executions
            or self.seconds >= self._trial.seconds
        )

    def execute(self, program: Program, change: Change | None = None) -> Outcome:
        outcome = super().execute(program, change)
        begin = time.monotonic()
        had_effect = effective(program, self._python)
        self._watch.saw(had_effect, outcome, When(self.executions, self.seconds))
        self._watching += time.monotonic() - begin
        return outcome

    def finish(self, problem: str = "") -> None:
        if problem:
            sys.exit(problem)
        watch, seconds = self._watch, self.seconds
        result = Result(self._trial, watch.reached, watch.shown, self.executions, seconds)
        os.write(1, msgspec.json.encode(result))
        super().finish()


class FreshExecutor(Executor):
    """The same without a zygote."""

    def run(
        self,
        program: Program,
        limits: Limits | None = None,
        *,
        events: bool = False,  # noqa: ARG002  always there
    ) -> Outcome:
        return run_fresh(self.build, program, limits or self.limits)

    def run_bare(self) -> None:
        self.run(Program())


def run(trial: Trial, folder: Path) -> None:
    """Runs a trial; libFuzzer ends this process."""
    process.adopt_orphans()
    interpreter = pick_interpreter(trial.python)
    made = build(
        resolve(parse_target(trial.target)),
        interpreter,
        instrumented=trial.engine == "coverage",
    )
    executor = (FreshExecutor if trial.engine == "random-fresh" else Executor)(made)
    programs = Programs(interpreter.version, made.spec.framework)
    watch = Watch([one for one in load() if one.bad == trial.bad])
    engine: WorkersEngine = "random" if trial.engine.startswith("random") else "atheris"
    corpus = Path(trial.corpus) if trial.corpus else None
    told = config(folder, made, engine, trial.seed, trial.seconds, corpus)
    loop = WatchedLoop(executor, told, programs, trial, watch)
    if engine == "random":
        random_engine.run(loop, programs, trial.seed)
        loop.finish()
    else:
        libfuzzer.run(loop, programs, executor, told)


if __name__ == "__main__":
    run(msgspec.json.decode(sys.stdin.buffer.read(), type=Trial), Path(sys.argv[1]))
