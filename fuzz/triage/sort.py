"""From a death to a finding: diagnose, look the bucket up; confirm and file a new one."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from fuzz.errors import UserError
from fuzz.executor.limits import Limits
from fuzz.executor.outcome import Outcome
from fuzz.executor.zygote import Executor
from fuzz.files import write_whole
from fuzz.program.model import Program
from fuzz.program.scope import runnable
from fuzz.program.text import parse, to_text
from fuzz.target.build import Build, build
from fuzz.triage import telling
from fuzz.triage.confirm import buckets, confirm, confirm_script
from fuzz.triage.diagnose import Diagnosis, diagnose
from fuzz.triage.finding import (
    Finding,
    FirstSeen,
    Rate,
    TargetRecord,
    folder_of,
    load,
    save,
    update,
)
from fuzz.triage.known import Known, known
from fuzz.triage.minimize import minimize
from fuzz.triage.script.write import write_script
from fuzz.triage.symbols import named

_RAISED = re.compile(r"^finfuzz: `(.+)` raised ", re.MULTILINE)


class Seen(msgspec.Struct):
    """A bucket in this campaign. ``path`` is None while it is not filed."""

    diagnosis: Diagnosis
    execution: int
    seconds: float
    sightings: int = 1
    path: Path | None = None
    new: bool = False


class Sorter:
    """Files the deaths of one campaign under ``crashes``.

    ``announce`` gets a line for each thing that takes time. Close it when done: it has an executor
    of its own for minimizing, and writes the counts of sightings at the end.
    """

    def __init__(
        self,
        campaign: Build,
        crashes: Path,
        limits: Limits,
        engine: str,
        seed: int,
        announce: Callable[[str], None],
    ) -> None:
        self._build, self._crashes, self._limits = campaign, crashes, limits
        self._engine, self._seed, self._announce = engine, seed, announce
        self._executor = Executor(campaign, limits)
        self.seen: dict[str, Seen] = {}
        self.known: Counter[Known] = Counter()
        self.unconfirmed: dict[str, Seen] = {}

    def sight(self, text: str, outcome: Outcome, execution: int, seconds: float) -> list[Diagnosis]:
        """Takes one program and what became of it, at its place in the campaign."""
        found = list(diagnose(outcome, self._limits.memory_mib))
        for diagnosis in found:
            if not self.count(diagnosis):
                self._first(text, outcome, diagnosis, Seen(diagnosis, execution, seconds))
        return found

    def count(self, diagnosis: Diagnosis) -> bool:
        """Counts a sighting of what is known, filed or kept aside already; else False."""
        explained = known(diagnosis, self._build.interpreter.version)
        if explained:
            self.known[explained] += 1
            return True
        seen = self.seen.get(diagnosis.bucket) or self.unconfirmed.get(diagnosis.bucket)
        if seen:
            seen.sightings += 1
        return seen is not None

    def close(self) -> None:
        """Ends the executor and writes how often each bucket was seen."""
        self._executor.close()
        for seen in self.seen.values():
            if seen.path is not None:
                self._write_sightings(seen.path, seen.sightings - seen.new)

    def _write_sightings(self, folder: Path, more: int) -> None:
        try:
            finding = load(folder)
            finding.sightings += more
            update(folder, finding)
        except UserError as error:  # a folder that someone damaged is no reason to lose the rest
            self._announce(f"{more} sightings not counted: {error}")

    def _first(self, text: str, outcome: Outcome, diagnosis: Diagnosis, seen: Seen) -> None:
        folder = self._crashes / folder_of(diagnosis.signal, diagnosis.diagnostic, diagnosis.bucket)
        if (folder / "finding.json").exists():
            seen.path = folder
            self.seen[diagnosis.bucket] = seen
            return
        self._announce(f"{diagnosis} {diagnosis.bucket}: dying again in fresh processes")
        rate = confirm(self._build, text, diagnosis, self._limits)
        if rate.k == 0:
            self._keep_unconfirmed(text, outcome, diagnosis, seen)
            return
        self._announce(f"{diagnosis} {diagnosis.bucket}: {rate} again, minimizing")
        program = minimize(parse(text), self._same(diagnosis))
        smaller = to_text(program)
        if smaller != text:
            rate, text, program = self._settle(smaller, text, diagnosis, rate)
        self.seen[diagnosis.bucket] = seen
        try:
            seen.path = self._file(program, text, diagnosis, outcome, rate, seen)
            seen.new = True
        except FileExistsError:  # another campaign's, filed while this one was confirming
            seen.path = folder
        except UserError as error:  # a full disk, say: the rest is still worth having
            self._announce(f"{diagnosis} {diagnosis.bucket}: not filed whole: {error}")

    def _same(self, diagnosis: Diagnosis) -> Callable[[Program], bool]:
        if diagnosis.diagnostic == "hang":
            return lambda _: False  # each try costs a whole deadline: a hang keeps its program
        python, abuse = self._build.interpreter.version[:2], self._limits.abuse
        return lambda candidate: (
            diagnosis.bucket
            in buckets(self._executor.run(runnable(candidate, python, abuse=abuse)), self._limits)
        )

    def _settle(
        self, smaller: str, original: str, diagnosis: Diagnosis, rate: Rate
    ) -> tuple[Rate, str, Program]:
        """The smaller program, if it is no flakier in fresh processes than the one found."""
        again = confirm(self._build, smaller, diagnosis, self._limits)
        if again.k >= rate.k:
            return again, smaller, parse(smaller)
        return rate, original, parse(original)

    def _keep_unconfirmed(
        self, text: str, outcome: Outcome, diagnosis: Diagnosis, seen: Seen
    ) -> None:
        folder = self._crashes / "unconfirmed" / diagnosis.bucket
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "program.fin").write_text(text, encoding="utf-8")
        (folder / "stderr.txt").write_text(outcome.stderr, encoding="utf-8")
        (folder / "outcome.json").write_bytes(msgspec.json.encode(outcome))
        seen.path = folder
        self.unconfirmed[diagnosis.bucket] = seen
        self._announce(
            f"{diagnosis} {diagnosis.bucket}: never again in fresh processes, kept aside"
        )

    def _file(
        self,
        program: Program,
        text: str,
        diagnosis: Diagnosis,
        outcome: Outcome,
        rate: Rate,
        seen: Seen,
    ) -> Path:
        self._announce(f"{diagnosis} {diagnosis.bucket}: writing and running its script")
        plain = build(
            self._build.spec, self._build.interpreter, instrumented=False, announce=self._announce
        )
        finding = self._finding(text, diagnosis, rate, seen)
        frames = outcome.frames or outcome.recreated_frames
        files = {
            "program.fin": text,
            "stderr.txt": outcome.stderr,
            "stack.txt": "".join(f"#{n} {named(frame)}\n" for n, frame in enumerate(frames)),
            **self._script(program, outcome, finding),
        }
        extensions = [each for each in (plain.extension, plain.second) if each is not None]
        folder = save(self._crashes, finding, files, {each.name: each for each in extensions})
        finding.script = confirm_script(folder, plain, diagnosis, self._limits)
        update(folder, finding)
        write_whole(folder / "repro.py", self._script(program, outcome, finding)["repro.py"])
        self._announce(f"{diagnosis} {diagnosis.bucket}: its script died {finding.script}")
        return folder

    def _script(self, program: Program, outcome: Outcome, finding: Finding) -> dict[str, str]:
        target = finding.target
        died = "shows it" if finding.signal == "NONE" else f"died of {finding.signal}"
        story = (
            f"{finding.signal} / {finding.diagnostic}, {finding.phase}.\n\n"
            f"{target.spec} on CPython {target.python}. This script {died} {finding.script} times."
        )
        if finding.detail:
            story += f"\n\n    {finding.detail}"
        raising = frozenset(_RAISED.findall(outcome.stderr))
        version = self._build.interpreter.version
        return write_script(
            program, self._build.spec, version[:2], story, raising, abuse=self._limits.abuse
        )

    def _finding(self, text: str, diagnosis: Diagnosis, rate: Rate, seen: Seen) -> Finding:
        spec = self._build.spec
        return Finding(
            key_version=telling.VERSION,
            bucket=diagnosis.bucket,
            signal=diagnosis.signal,
            diagnostic=diagnosis.diagnostic,
            phase=diagnosis.phase,
            detail=diagnosis.detail,
            frames=diagnosis.frames,
            reproduced=rate,
            script=Rate(0, 0),
            target=TargetRecord(
                spec=str(spec),
                framework=spec.framework,
                version=spec.version,
                policy=str(spec.policy),
                python=self._build.interpreter.text,
                build=self._build.id,
            ),
            program=text,
            sightings=seen.sightings,
            first_seen=FirstSeen(
                execution=seen.execution,
                seconds=round(seen.seconds, 3),
                date=datetime.datetime.now(datetime.UTC).date().isoformat(),
                engine=self._engine,
                seed=self._seed,
            ),
        )
