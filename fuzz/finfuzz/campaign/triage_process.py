"""The process that sorts: what the supervisor asks, one request at a time, it answers.

python -m finfuzz.campaign.triage_process PIPE FOLDER, the campaign's; requests come on standard
input. It may be killed at any time: the supervisor starts another and asks again.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

import msgspec

from finfuzz.campaign.folder import load_plan
from finfuzz.campaign.messages import (
    AddCounts,
    Answer,
    Bucket,
    Channel,
    Compare,
    Deferred,
    Notice,
    Sort,
    ToTriage,
    send,
)
from finfuzz.campaign.plan import Plan
from finfuzz.campaign.worker import signatures
from finfuzz.campaign.worker.process import stop_with_supervisor
from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.program.scope import runnable
from finfuzz.program.text import parse
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import probe
from finfuzz.targets.spec import parse_target
from finfuzz.triage.diagnosis import Diagnosis, diagnose
from finfuzz.triage.filer import Origin
from finfuzz.triage.findings.finding import load
from finfuzz.triage.findings.routes import RouteStart, read_start
from finfuzz.triage.findings.sightings import SeenBucket
from finfuzz.triage.sorter import Sorter

#: It compiles and runs for minutes beside the workers. Where a core is free it is as nice as can
#: be: at nice 10 it took a sixth of a worker's rate all the same (tools/bench.py triage). Where
#: none is, that would leave it a seventieth of a core, and a finding would take an hour: there it
#: gets a tenth.
_NICE_BESIDE_FREE_CORES, _NICE_OTHERWISE = 19, 10


class TriageLane:
    """What is sorted of one lane. Close it when done."""

    def __init__(self, number: int, plan: Plan, folder: Path, pipe: int) -> None:
        lane = plan.lanes[number]
        self._number = number
        self._folder = folder / "campaign" / "sightings" / str(number)
        bounds = plan.bounds
        self._limits = Limits(bounds.deadline, bounds.memory_mib, plan.abuse)
        self._build: Build = build(parse_target(lane.target), probe(Path(lane.python)))
        self.sorter = Sorter(
            self._build,
            Path(plan.crashes),
            self._limits,
            Origin(plan.engine, plan.seed),
            lambda line: send(pipe, Notice(line)),
        )
        self._signatures: dict[str, tuple[Diagnosis, ...]] = {}
        self._ways: dict[tuple[str, tuple[str, ...]], RouteStart] = {}
        self._told: dict[tuple[str, str], Bucket] = {}

    def sort(self, request: Sort) -> None:
        """Says what a look is. Raises UserError for a file that can't be read."""
        sighted = signatures.load(self._folder, request.signature)
        way = read_start(sighted.text)
        self._ways[request.signature, way.roots] = way
        # Counted when the supervisor tells of it: this may be the second time that it asks.
        self._signatures[request.signature] = self.sorter.sight(
            sighted.text, sighted.outcome, request.execution, request.seconds, times=0
        )

    def tell(self, request: AddCounts) -> None:
        """Counts, and writes that into the findings."""
        for count in request.counts:
            if count.text:
                self._ways[count.signature, count.roots] = read_start(count.text)
            way = self._ways.get((count.signature, count.roots))
            for diagnosis in self._signatures.get(count.signature, ()):
                self.sorter.count(diagnosis, way, count.sightings)
        self.sorter.save()

    def owe(self, finding: Path) -> None:
        """Puts off what a finding lacks. Raises UserError for one that can't be read."""
        if load(finding).attribution is None:
            self.sorter.defer(finding)

    def agrees(self, request: Compare) -> bool:
        """Whether a fresh process does what the zygote's child did."""
        text, there = request.sample.text, request.sample.outcome
        version = self._build.interpreter.version[:2]
        steps = runnable(parse(text), version, abuse=self._limits.abuse)
        here = run_fresh(self._build, steps, self._limits.patient)
        return self._kinds(here) == self._kinds(there)

    def _kinds(self, outcome: Outcome) -> set[tuple[str, str]]:
        found = diagnose(outcome, self._limits.memory_mib)
        return {(one.signal, one.bucket) for one in found}

    def news(self) -> tuple[Bucket, ...]:
        """What changed since the last time."""
        changed = []
        for now in self._buckets():
            before = self._told.get((now.state, now.bucket))
            self._told[now.state, now.bucket] = now
            since = now.sightings - (before.sightings if before else 0)
            if since or before is None or before.path != now.path:
                changed.append(msgspec.structs.replace(now, sightings=since))
        return tuple(changed)

    def _buckets(self) -> list[Bucket]:
        sorter = self.sorter
        known = [
            Bucket(entry.title, "", "", "known", entry.title, "", False, 0, 0.0, count)
            for entry, count in sorter.known.items()
        ]
        filed = [_bucket(seen, "filed") for seen in sorter.seen.values()]
        return (
            known + filed + [_bucket(seen, "unconfirmed") for seen in sorter.unconfirmed.values()]
        )


def _bucket(seen: SeenBucket, state: str) -> Bucket:
    """As it is filed, where it is: what was met first may have died of something else."""
    diagnosis = seen.diagnosis
    signal, diagnostic = diagnosis.signal, diagnosis.diagnostic
    if state == "filed" and seen.path is not None:
        *_, signal, diagnostic, _ = seen.path.parts
    return Bucket(
        bucket=diagnosis.bucket,
        signal=signal,
        diagnostic=diagnostic,
        state=state,
        title="",
        path=str(seen.path or ""),
        new=seen.new,
        execution=seen.execution,
        seconds=seen.seconds,
        sightings=seen.sightings,
    )


class Triager:
    """Answers requests for all lanes of a campaign."""

    def __init__(self, plan: Plan, folder: Path, pipe: int) -> None:
        self._plan, self._folder, self._pipe = plan, folder, pipe
        self._lanes: dict[int, TriageLane] = {}

    def answer(self, request: ToTriage) -> Answer:
        """Does what is asked; what can't be done is said in the answer."""
        begin = time.monotonic()
        agreed, problem, number = None, "", getattr(request, "lane", -1)
        try:
            if isinstance(request, Sort):
                self._lane(number).sort(request)
            elif isinstance(request, AddCounts):
                self._lane(number).tell(request)
            elif isinstance(request, Compare):
                agreed = self._lane(number).agrees(request)
            elif isinstance(request, Deferred):
                self._lane(number).owe(Path(request.path))
            else:
                self._work()
        except UserError as error:
            problem = str(error)
        lane = self._lanes.get(number)
        news = lane.news() if lane else ()
        took = time.monotonic() - begin
        return Answer(number, news, self._waiting(), took, agreed, problem)

    def close(self) -> None:
        for lane in self._lanes.values():
            lane.sorter.close()

    def _lane(self, number: int) -> TriageLane:
        if number not in self._lanes:
            self._lanes[number] = TriageLane(number, self._plan, self._folder, self._pipe)
        return self._lanes[number]

    def _work(self) -> None:
        for lane in self._lanes.values():
            if lane.sorter.work():
                return

    def _waiting(self) -> int:
        return len({folder for lane in self._lanes.values() for folder in lane.sorter.waiting})


def main() -> None:
    """Answers until standard input ends or the supervisor is gone."""
    stop_with_supervisor()
    signal.signal(signal.SIGTERM, _leave)
    pipe, folder = int(sys.argv[1]), Path(sys.argv[2])
    plan = load_plan(folder)
    free = plan.workers < len(os.sched_getaffinity(0))
    os.nice(_NICE_BESIDE_FREE_CORES if free else _NICE_OTHERWISE)
    triager = Triager(plan, folder, pipe)
    channel: Channel[ToTriage] = Channel(ToTriage)
    try:
        for request in channel.read(sys.stdin.buffer):
            send(pipe, triager.answer(request))
    except BrokenPipeError:
        pass
    finally:
        triager.close()


def _leave(*_: object) -> NoReturn:
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    main()
