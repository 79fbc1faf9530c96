"""From a first sighting to a finding's folder: reproduce, minimize, write the script, run it."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.judged import RULES
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.program.model import Program
from finfuzz.program.text import parse, to_text
from finfuzz.support.files import shorten_home
from finfuzz.support.system import describe_system
from finfuzz.targets.build import Build, build
from finfuzz.targets.compiler import find_compiler, read_version
from finfuzz.targets.releases import list_hashes
from finfuzz.triage.attribution.nodes import Nodes
from finfuzz.triage.attribution.shared_leak import find_shared_leak
from finfuzz.triage.confirm import find_same
from finfuzz.triage.diagnosis import Diagnosis, telling
from finfuzz.triage.diagnosis.bucket import is_counted
from finfuzz.triage.findings.finding import (
    RECIPE,
    Finding,
    FirstSeen,
    TargetRecord,
    encode,
)
from finfuzz.triage.findings.rate import MOST, Rate
from finfuzz.triage.findings.record import SeenOn
from finfuzz.triage.findings.save import save
from finfuzz.triage.findings.story import describe_rate
from finfuzz.triage.findings.title import make_title
from finfuzz.triage.foresight import Foresight
from finfuzz.triage.portable import make_portable
from finfuzz.triage.repro.choose import choose_script
from finfuzz.triage.repro.single import write_for_build
from finfuzz.triage.repro.story import replace_story, write_story
from finfuzz.triage.reproduction import Advance, Reproduced, Reproducer, advance_nothing
from finfuzz.triage.stack import read_stack, record_stack

Announce = Callable[[str], None]


class Origin(NamedTuple):
    """The campaign that files. ``engine`` is `program` where a person gave the program."""

    engine: str
    seed: int


class Sighting(NamedTuple):
    """A program that failed, and its place in the campaign (``seconds`` since the start).

    ``on``: the node of a cluster that met it.
    """

    text: str
    outcome: Outcome
    diagnosis: Diagnosis
    execution: int
    seconds: float
    on: SeenOn | None = None


class Filer:
    """The filing of one build's first sightings. Holds an executor: close it when done.

    ``announce`` receives a line before each thing that takes time, ``advance`` how far that is.
    ``nodes``: of a cluster, which take a part of it.
    """

    def __init__(
        self,
        campaign: Build,
        crashes: Path,
        limits: Limits,
        origin: Origin,
        announce: Announce,
        advance: Advance = advance_nothing,
        nodes: Nodes | None = None,
    ) -> None:
        self._build, self._crashes, self._limits = campaign, crashes, limits
        self._origin, self._announce, self._advance = origin, announce, advance
        self._executor = Executor(campaign, limits)
        self._reproducer = Reproducer(self._executor, limits, announce, advance)
        self._foresight = Foresight(campaign, limits, nodes, announce, advance)

    def close(self) -> None:
        self._executor.close()

    def find_doubt(self, sighting: Sighting) -> str:
        """Say why a sighting is not to be filed, whatever it does again; empty where it is.

        Raises UserError where the control of a leak report can't be built.
        """
        if sighting.diagnosis.diagnostic != "leak-report" or not sighting.outcome.leaked:
            return ""
        program = parse(sighting.text)
        return find_shared_leak(self._build, program, self._limits, self._announce)

    def file(self, sighting: Sighting, regressed: str = "") -> Path | None:
        """File a finding and return its folder; None where the program never failed so again.

        Raises FileExistsError where another campaign has filed the same finding meanwhile, and
        UserError where the folder can't be written or the script can't be compiled.
        """
        diagnosis = sighting.diagnosis
        reproduced = self._reproduce(sighting.text, diagnosis)
        if reproduced is None:
            return None
        name = f"{diagnosis} {diagnosis.bucket}"
        self._announce(f"{name}: writing and running the script")
        smallest = self._sight_again(sighting, reproduced.program)
        finding = self._make_finding(smallest, reproduced.fresh, reproduced.forked)
        finding.regressed = regressed
        folder = self._save(finding, sighting, smallest)
        rate = describe_rate(finding.signal, finding.rate)
        by = "script" if finding.script.n else "no script shows it, finfuzz's driver:"
        self._announce(f"{name}: {finding.title}: {by} {rate}")
        return folder

    @property
    def foresees(self) -> bool:
        """Whether a node may begin with what is to be filed soon."""
        return self._foresight.is_possible

    def foresee(self, text: str, diagnosis: Diagnosis) -> None:
        """Have a node reproduce and minimize what is to be filed soon."""
        self._foresight.begin(text, diagnosis)

    def _reproduce(self, text: str, diagnosis: Diagnosis) -> Reproduced | None:
        """Reproduce and minimize, here or on a node; what a node has minimized is confirmed here.

        What does not fail on the node, or its program here not or more rarely, is begun again here.
        """
        if done := self._foresight.take(text, diagnosis):
            steady = self._reproducer.prefer_steady(parse(done.text), diagnosis)
            found = self._reproducer.confirm(steady, diagnosis)
            if found and not found.fresh.is_rarer_than(done.rate):
                return found
        return self._reproducer.reproduce(parse(text), diagnosis)

    def _sight_again(self, sighting: Sighting, program: Program) -> Sighting:
        """Run the minimized program, so that stack, signal and program belong together."""
        text = to_text(program)
        if sighting.diagnosis.diagnostic != "hang":
            for _ in range(MOST):
                outcome = run_fresh(self._build, program, self._limits.patient)
                again = find_same(self._build, program, outcome, sighting.diagnosis, self._limits)
                if again is not None:
                    return sighting._replace(text=text, outcome=outcome, diagnosis=again)
        return sighting._replace(text=text)

    def _save(self, finding: Finding, first: Sighting, smallest: Sighting) -> Path:
        plain = build(
            self._build.spec, self._build.interpreter, instrumented=False, announce=self._announce
        )
        outcome = smallest.outcome
        stack = read_stack(outcome, finding.diagnostic)
        finding.stack = record_stack(stack)
        finding.title = make_title(finding)  # the script's first line
        raising = frozenset(one.step for one in outcome.raised)
        script = choose_script(
            lambda simply: self._write_script(finding, raising, simply),
            plain,
            smallest.diagnosis,
            self._limits,
            finding.reproduced,
            partial(self._advance, "runs of the script"),
        )
        finding.script = Rate(0, 0) if _is_seen_here_alone(finding) else script.rate
        files = {
            **script.files,
            "repro.py": replace_story(script.files["repro.py"], write_story(finding)),
            "program.fin": finding.program,
            "stderr.txt": first.outcome.stderr,
            "stack.txt": "".join(f"#{n} {frame}\n" for n, frame in enumerate(stack)),
            "outcome.json": encode(make_portable(first.outcome)).decode(),
        }
        if finding.target.recipe:
            files[RECIPE] = self._recipe_text
        return save(self._crashes, finding, files)

    def _write_script(
        self, finding: Finding, raising: frozenset[str], simply: bool
    ) -> dict[str, str]:
        return write_for_build(
            self._build,
            parse(finding.program),
            write_story(finding),
            raising,
            diagnostic=finding.diagnostic,
            abuse=self._limits.abuse,
            plain=simply,
        )

    def _make_finding(self, sighting: Sighting, fresh: Rate, forked: Rate) -> Finding:
        diagnosis = sighting.diagnosis
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
            target=self._record_target(),
            program=sighting.text,
            sightings=0,
            first_seen=FirstSeen(
                execution=sighting.execution,
                seconds=round(sighting.seconds, 3),
                date=datetime.datetime.now(datetime.UTC).date().isoformat(),
                engine=self._origin.engine,
                seed=self._origin.seed,
                on=sighting.on,
            ),
        )

    @property
    def _recipe_text(self) -> str:
        return self._build.package.recipe_text if self._build.package else ""

    def _record_target(self) -> TargetRecord:
        spec, interpreter = self._build.spec, self._build.interpreter
        return TargetRecord(
            spec=spec.name,
            framework=spec.framework,
            version=spec.version,
            policy=str(spec.policy),
            python=interpreter.text,
            build=self._build.id,
            python_commit=interpreter.commit,
            executable=shorten_home(interpreter.path),
            pins=self._build.package.pins if self._build.package else (),
            recipe=RECIPE if self._recipe_text else "",
            releases=list_hashes(spec),
            compiler="" if spec.package else read_version(find_compiler()),
            system=describe_system(),
        )


def _is_seen_here_alone(finding: Finding) -> bool:
    """Whether nothing crashed, and the gate saw the defect or finfuzz counted: no script does."""
    counted = is_counted(finding.diagnostic, finding.frames)
    return finding.signal == "NONE" and (finding.diagnostic in RULES or counted)
