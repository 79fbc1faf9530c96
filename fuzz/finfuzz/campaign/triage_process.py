"""The triage process of a campaign: it answers the supervisor's requests, one at a time.

python -m finfuzz.campaign.triage_process PIPE STATE NICENESS; requests come on standard input,
answers go to the pipe. The process may be killed at any time: the supervisor starts another and
asks again.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

import msgspec

from finfuzz.campaign.cluster.triage_nodes import connect_nodes
from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.messages import (
    AddSightings,
    Announcement,
    Answer,
    Bucket,
    Channel,
    CompareWithControl,
    CompareWithFresh,
    DeferredProgress,
    QueueDeferredWork,
    RetryFiling,
    ToTriage,
    TriageSignature,
    send,
)
from finfuzz.campaign.plan import Plan
from finfuzz.campaign.triage_buckets import make_bucket
from finfuzz.campaign.updates import ForeseeSignatures, TakeAttribution
from finfuzz.campaign.worker import signatures
from finfuzz.campaign.worker.process import stop_with_supervisor
from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.program.file import read_program
from finfuzz.program.text import parse, to_text
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import probe
from finfuzz.targets.spec import parse_target
from finfuzz.triage.attribution.nodes import Nodes
from finfuzz.triage.diagnosis import Diagnosis, diagnose
from finfuzz.triage.filer import Origin
from finfuzz.triage.findings.copies import take_attribution
from finfuzz.triage.findings.finding import load
from finfuzz.triage.findings.routes import RouteStart, read_start
from finfuzz.triage.oracles.compare import find_control
from finfuzz.triage.pace import Pace
from finfuzz.triage.sorter import Sorter


class TriageLane:
    """Triage of one lane."""

    def __init__(
        self, number: int, plan: Plan, paths: StatePaths, pipe: int, nodes: Nodes | None
    ) -> None:
        lane = plan.lanes[number]
        self._folder = paths.signatures(number)
        self._owner_only = plan.owner_only
        bounds = plan.bounds
        self._crashes = Path(plan.crashes)
        self._limits = Limits(bounds.deadline, bounds.memory_mib, plan.abuse)
        pace = Pace(lambda line: send(pipe, Announcement(line)))
        self._build: Build = build(parse_target(lane.target), probe(Path(lane.python)))
        self.sorter = Sorter(
            self._build,
            self._crashes,
            self._limits,
            Origin(plan.engine, plan.seed),
            pace.announce,
            pace.advance,
            owner_only=plan.owner_only,
            nodes=nodes,
        )
        self._signatures: dict[str, tuple[Diagnosis, ...]] = {}
        self._ways: dict[tuple[str, tuple[str, ...]], RouteStart] = {}
        self._reported: dict[str, Bucket] = {}

    def triage(self, request: TriageSignature) -> None:
        """Diagnose the first program of a signature. Raises UserError if it can't be read."""
        first = signatures.load(self._folder, request.signature)
        way = read_start(first.text)
        self._ways[request.signature, way.roots] = way
        # No sighting is counted here: AddSightings does, and this request may be a repetition.
        self._signatures[request.signature] = self.sorter.sight(
            first.text, first.outcome, request.execution, request.seconds, times=0, on=first.on
        )

    def foresee(self, request: ForeseeSignatures) -> None:
        """Have nodes begin with signatures; one that can't be read is told of when it is due."""
        for signature in request.signatures if self.sorter.foresees else ():
            with contextlib.suppress(UserError):
                first = signatures.load(self._folder, signature)
                self.sorter.foresee(first.text, first.outcome)

    def add_sightings(self, request: AddSightings) -> None:
        """Count sightings, and write the counts into the findings."""
        for count in request.counts:
            if count.text:
                self._ways[count.signature, count.roots] = read_start(count.text)
            way = self._ways.get((count.signature, count.roots))
            for diagnosis in self._signatures.get(count.signature, ()):
                self.sorter.count(diagnosis, way, count.sightings)
        self.sorter.save()

    def queue_deferred_work(self, finding: Path) -> None:
        """Queue what a finding of this campaign lacks. Raises UserError if it can't be read."""
        if not finding.resolve().is_relative_to(self._crashes.resolve()):
            raise UserError(f"{finding} is not in {self._crashes}: its controls don't run")
        attribution = load(finding).attribution
        if attribution is None or (attribution.left and not self._owner_only):
            self.sorter.defer(finding)

    def agrees(self, request: CompareWithFresh) -> bool:
        """Run a program in a fresh process; return whether it ends as in the zygote's child."""
        text, zygote = request.zygote.text, request.zygote.outcome
        fresh = run_fresh(self._build, parse(text), self._limits.patient)
        return self._diagnose(fresh) == self._diagnose(zygote)

    def compare(self, request: CompareWithControl) -> None:
        """Run a program of the corpus in a fresh process, and sort how it differs on the control.

        Nothing of a target that has none. Raises UserError if the program can't be read, or the
        control can't be built.
        """
        if not find_control(self._build.spec):
            return
        program = read_program(Path(request.path))
        outcome = run_fresh(self._build, program, self._limits.patient)
        self.sorter.sight(to_text(program), outcome, 0, 0.0, thorough=True)

    def _diagnose(self, outcome: Outcome) -> set[tuple[str, str]]:
        found = diagnose(outcome, self._limits.memory_mib)
        return {(one.signal, one.bucket) for one in found}

    def take_changes(self) -> tuple[Bucket, ...]:
        """Return the buckets that changed since the last call."""
        changed = []
        for now in self._buckets():
            before = self._reported.get(now.bucket)
            self._reported[now.bucket] = now
            since = now.sightings - (before.sightings if before else 0)
            seen = (now.state, now.path, now.title)
            if since or before is None or (before.state, before.path, before.title) != seen:
                changed.append(msgspec.structs.replace(now, sightings=since))
        return tuple(changed)

    def list_unfiled(self) -> tuple[tuple[str, str], ...]:
        """List the signatures whose findings are not filed, with the reason."""
        unfiled = self.sorter.unfiled
        return tuple(
            (signature, unfiled[one.bucket])
            for signature, diagnoses in self._signatures.items()
            for one in diagnoses
            if one.bucket in unfiled
        )

    def _buckets(self) -> list[Bucket]:
        sorter = self.sorter
        known = [
            Bucket(entry.title, "", "", "known", entry.title, "", False, 0, 0.0, count)
            for entry, count in sorter.known.items()
        ]
        filed = [
            make_bucket(seen, "filed" if seen.path else "unfiled") for seen in sorter.seen.values()
        ]
        unconfirmed = [make_bucket(seen, "unconfirmed") for seen in sorter.unconfirmed.values()]
        return known + filed + unconfirmed


class Triager:
    """Triage of all lanes of a campaign."""

    def __init__(self, plan: Plan, paths: StatePaths, pipe: int) -> None:
        self._plan, self._paths, self._pipe = plan, paths, pipe
        self._lanes: dict[int, TriageLane] = {}
        self._nodes = connect_nodes(lambda line: send(pipe, Announcement(line)))

    def answer(self, request: ToTriage) -> Answer:
        """Do what a request asks; the answer says why that was impossible."""
        begin = time.monotonic()
        agreed, problem, number = None, "", getattr(request, "lane", -1)
        progress = None
        try:
            if isinstance(request, TriageSignature):
                self._lane(number).triage(request)
            elif isinstance(request, ForeseeSignatures):
                self._lane(number).foresee(request)
            elif isinstance(request, AddSightings):
                self._lane(number).add_sightings(request)
            elif isinstance(request, CompareWithFresh):
                agreed = self._lane(number).agrees(request)
            elif isinstance(request, CompareWithControl):
                self._lane(number).compare(request)
            elif isinstance(request, RetryFiling):
                self._lane(number).sorter.retry()
            elif isinstance(request, TakeAttribution):
                take_attribution(Path(request.path), request.attribution, request.escalation)
            elif isinstance(request, QueueDeferredWork):
                self._lane(number).queue_deferred_work(Path(request.path))
            else:
                progress = self._run_deferred_work()
        except UserError as error:
            problem = str(error)
        except OSError as error:  # a full disk, say
            problem = f"{error.filename or 'the system'}: {error.strerror}"
        lane = self._lanes.get(number)
        changes = lane.take_changes() if lane else ()
        took = time.monotonic() - begin
        unfiled = lane.list_unfiled() if lane else ()
        waiting = self._count_waiting()
        return Answer(number, changes, waiting, took, agreed, problem, progress, unfiled)

    def close(self) -> None:
        for lane in self._lanes.values():
            lane.sorter.close()

    def _lane(self, number: int) -> TriageLane:
        if number not in self._lanes:
            self._lanes[number] = TriageLane(
                number, self._plan, self._paths, self._pipe, self._nodes
            )
        return self._lanes[number]

    def _run_deferred_work(self) -> DeferredProgress | None:
        # The owners of all lanes' findings first: later controls of one lane take many minutes.
        for lane in sorted(self._lanes.values(), key=lambda one: not one.sorter.lacks_owner):
            if lane.sorter.work() and (now := lane.sorter.progress):
                return DeferredProgress(now.folder.name, now.name, now.done, now.of, now.left)
        return None

    def _count_waiting(self) -> int:
        return len({folder for lane in self._lanes.values() for folder in lane.sorter.waiting})


def main() -> None:
    """Answer requests until standard input ends or the supervisor is gone."""
    stop_with_supervisor()
    signal.signal(signal.SIGTERM, _exit_in_order)
    pipe, paths = int(sys.argv[1]), StatePaths(Path(sys.argv[2]))
    plan = paths.load_plan()
    os.nice(int(sys.argv[3]))
    triager = Triager(plan, paths, pipe)
    channel: Channel[ToTriage] = Channel(ToTriage)
    try:
        for request in channel.read(sys.stdin.buffer):
            send(pipe, triager.answer(request))
    except BrokenPipeError:
        pass
    finally:
        triager.close()


def _exit_in_order(*_: object) -> NoReturn:
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    main()
