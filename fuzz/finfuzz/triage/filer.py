"""From a first sighting to a finding's folder: die again, minimize, write the script, run it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from itertools import dropwhile
from pathlib import Path
from typing import NamedTuple

import msgspec

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome, RawFrame
from finfuzz.executor.zygote import Executor
from finfuzz.program.model import Program
from finfuzz.program.text import parse, to_text
from finfuzz.targets.build import Build, build
from finfuzz.triage.confirm import confirm, confirm_in_zygote, shown
from finfuzz.triage.diagnosis import Diagnosis, telling
from finfuzz.triage.diagnosis.symbols import Frame, named_stack
from finfuzz.triage.findings.finding import (
    Finding,
    FirstSeen,
    StackFrame,
    TargetRecord,
    encoded,
    save,
)
from finfuzz.triage.findings.rate import MOST, Rate
from finfuzz.triage.minimize import minimize, repeatedly
from finfuzz.triage.repro.choose import best_script
from finfuzz.triage.repro.story import retold, script_story
from finfuzz.triage.repro.write import write_script

Announce = Callable[[str], None]

_RAISED = re.compile(r"^finfuzz: `(.+)` raised ", re.MULTILINE)

#: What a hang may cost to minimize: as many tries of this many seconds. A program that ends takes
#: 3 to 60 ms, so one that has not ended by then mostly hangs; the fresh runs behind decide.
_HANG_TRIES = 60
_HANG_SECONDS = 0.5


class Origin(NamedTuple):
    """The campaign that files. ``engine`` is `program` where a person gave the program."""

    engine: str
    seed: int


class Sighting(NamedTuple):
    """A program that went wrong, at its place in the campaign (``seconds`` since it began)."""

    text: str
    outcome: Outcome
    diagnosis: Diagnosis
    execution: int
    seconds: float


class Filer:
    """Files first sightings of one build. It has an executor of its own: close it when done."""

    def __init__(
        self, campaign: Build, crashes: Path, limits: Limits, origin: Origin, announce: Announce
    ) -> None:
        self._build, self._crashes, self._limits = campaign, crashes, limits
        self._origin, self._announce = origin, announce
        self._executor = Executor(campaign, limits)
        self._python = campaign.interpreter.version[:2]

    def close(self) -> None:
        self._executor.close()

    def file(self, sighting: Sighting, regressed: str = "") -> Path | None:
        """The folder of a new finding; None where the program never did it again.

        Raises FileExistsError where another campaign filed the same meanwhile, and UserError where
        it can't be written or its script can't be compiled.
        """
        diagnosis = sighting.diagnosis
        say = f"{diagnosis} {diagnosis.bucket}"
        self._announce(f"{say}: dying again in fresh processes")
        program = parse(sighting.text)
        fresh = confirm(self._build, program, diagnosis, self._limits)
        forked = confirm_in_zygote(self._executor, program, diagnosis, self._limits)
        if fresh.k == 0:
            return None
        self._announce(f"{say}: {fresh} again, minimizing")
        program, fresh, forked = self._minimized(program, diagnosis, fresh, forked)
        self._announce(f"{say}: writing and running its script")
        smallest = self._seen_again(sighting, program)
        finding = self._finding(smallest, fresh, forked)
        finding.regressed = regressed
        folder = self._save(finding, sighting, smallest)
        self._announce(f"{say}: its script died {finding.script}")
        return folder

    def _seen_again(self, sighting: Sighting, program: Program) -> Sighting:
        """The minimized program's own death, so that stack, signal and program belong together."""
        text = to_text(program)
        if sighting.diagnosis.diagnostic != "hang":
            for _ in range(MOST):
                outcome = run_fresh(self._build, program, self._limits.patient)
                again = shown(outcome, sighting.diagnosis, self._limits)
                if again is not None:
                    return sighting._replace(text=text, outcome=outcome, diagnosis=again)
        return sighting._replace(text=text)

    def _minimized(
        self, program: Program, diagnosis: Diagnosis, fresh: Rate, forked: Rate
    ) -> tuple[Program, Rate, Rate]:
        """The smaller program, if it is no flakier in fresh processes than the one found."""
        smaller = minimize(
            program,
            self._same(diagnosis, forked),
            self._python,
            abuse=self._limits.abuse,
            tries=_HANG_TRIES if diagnosis.diagnostic == "hang" else None,
        )
        if smaller == program:
            return smaller, fresh, forked
        again = confirm(self._build, smaller, diagnosis, self._limits)
        if again.k * fresh.n < fresh.k * again.n:
            return program, fresh, forked
        forked = confirm_in_zygote(self._executor, smaller, diagnosis, self._limits)
        return smaller, again, forked

    def _same(self, diagnosis: Diagnosis, forked: Rate) -> Callable[[Program], bool]:
        limits = self._limits
        if diagnosis.diagnostic == "hang":
            seconds = min(limits.deadline, _HANG_SECONDS)
            limits = Limits(seconds, limits.memory_mib, limits.abuse)

        def once(candidate: Program) -> bool:
            return shown(self._executor.run(candidate, limits), diagnosis, limits) is not None

        return repeatedly(once, forked) if forked.flaky else once

    def _save(self, finding: Finding, first: Sighting, smallest: Sighting) -> Path:
        plain = build(
            self._build.spec, self._build.interpreter, instrumented=False, announce=self._announce
        )
        outcome = smallest.outcome
        stack = _without_ours(named_stack(outcome.frames or outcome.recreated_frames))
        finding.stack = tuple(map(_recorded, stack))
        raising = frozenset(_RAISED.findall(outcome.stderr))
        script = best_script(
            lambda simply: self._script(finding, raising, simply),
            plain,
            smallest.diagnosis,
            self._limits,
            finding.reproduced,
        )
        finding.script = script.rate
        files = {
            **script.files,
            "repro.py": retold(script.files["repro.py"], script_story(finding)),
            "program.fin": finding.program,
            "stderr.txt": first.outcome.stderr,
            "stack.txt": "".join(f"#{n} {frame}\n" for n, frame in enumerate(stack)),
            "outcome.json": encoded(_portable(first.outcome)).decode(),
        }
        return save(self._crashes, finding, files)

    def _script(self, finding: Finding, raising: frozenset[str], simply: bool) -> dict[str, str]:
        return write_script(
            parse(finding.program),
            self._build.spec,
            self._python,
            script_story(finding),
            raising,
            diagnostic=finding.diagnostic,
            abuse=self._limits.abuse,
            plain=simply,
        )

    def _finding(self, sighting: Sighting, fresh: Rate, forked: Rate) -> Finding:
        spec, diagnosis = self._build.spec, sighting.diagnosis
        return Finding(
            key_version=telling.VERSION,
            bucket=diagnosis.bucket,
            signal=diagnosis.signal,
            diagnostic=diagnosis.diagnostic,
            phase=diagnosis.phase,
            interpreter=diagnosis.interpreter,
            fault=diagnosis.fault,
            detail=diagnosis.detail,
            frames=diagnosis.frames,
            reproduced=fresh,
            in_zygote=forked,
            script=Rate(0, 0),
            target=TargetRecord(
                spec=str(spec),
                framework=spec.framework,
                version=spec.version,
                policy=str(spec.policy),
                python=self._build.interpreter.text,
                build=self._build.id,
            ),
            program=sighting.text,
            sightings=0,
            first_seen=FirstSeen(
                execution=sighting.execution,
                seconds=round(sighting.seconds, 3),
                date=datetime.datetime.now(datetime.UTC).date().isoformat(),
                engine=self._origin.engine,
                seed=self._origin.seed,
            ),
        )


def _portable(outcome: Outcome) -> Outcome:
    """Without the folders of this machine: a file's name and an offset are what a frame is."""
    frames, recreated = (
        tuple(RawFrame(Path(frame.module).name, frame.offset) for frame in frames)
        for frames in (outcome.frames, outcome.recreated_frames)
    )
    return msgspec.structs.replace(outcome, frames=frames, recreated_frames=recreated)


def _without_ours(stack: list[Frame]) -> list[Frame]:
    """Without the frames of the signal handler that took it, and the nameless one it returns to."""
    return list(dropwhile(lambda one: "finfuzz_runtime" in one.module or not one.function, stack))


def _recorded(frame: Frame) -> StackFrame:
    """Without the folders of this machine: the last two parts of a path say enough."""
    place = "/".join(frame.place.split("/")[-2:])
    name = Path(frame.module).name
    return StackFrame(name, frame.offset, frame.function, place, frame.inlined)
