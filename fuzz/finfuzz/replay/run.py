"""Run cases on builds in parallel: one process per core, each with one zygote at a time."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from itertools import groupby, takewhile
from multiprocessing.synchronize import Event
from pathlib import Path

import msgspec

from finfuzz.executor import process
from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.program.model import Program
from finfuzz.program.roles import adapt
from finfuzz.program.scope import explain_skipped, find_missing_words
from finfuzz.replay.cases import Case
from finfuzz.replay.judge import Judgement, Result
from finfuzz.support.errors import UserError
from finfuzz.support.files import shorten_home
from finfuzz.support.own_python import safe_path
from finfuzz.targets.build import Build, build
from finfuzz.targets.compiler import BuildError
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.diagnosis import Diagnosis, diagnose
from finfuzz.triage.diagnosis.ending import diagnose_ending
from finfuzz.triage.oracles.compare import compare
from finfuzz.triage.oracles.hooks import SILENT

#: The diagnoses of one outcome; none means survival.
Diagnoses = tuple[Diagnosis, ...]

#: Cases that one process runs on one build at a time. A zygote's start (0.1 s) is then a tenth of
#: their cost, and two cores finish at nearly the same time.
_BATCH = 40
#: Reruns in fresh processes of a case that is not as expected. Seven equal outcomes leave a chance
#: of less than 1 % for an outcome that happens half of the time (2 ** -7).
_RERUNS = 7


@dataclass(frozen=True)
class PlannedBuild:
    """A target on a CPython to replay on. ``problem`` says why it can't be built or run.

    ``place``: the CPython's path, where its version alone does not name it.
    """

    spec: TargetSpec
    interpreter: Interpreter
    problem: str = ""
    place: str = ""

    @property
    def python(self) -> str:
        """The CPython's name: `3.13.0`, or `3.13.0 (PATH)`."""
        return self.interpreter.text + (f" ({self.place})" if self.place else "")

    @property
    def name(self) -> str:
        return f"{self.spec} on {self.python}"


def name_places(builds: Sequence[PlannedBuild]) -> list[PlannedBuild]:
    """Name CPythons of one version by their paths: results are kept by the build's name.

    Two environments of one CPython are then different builds.
    """
    places: dict[str, set[Path]] = {}
    for one in builds:
        places.setdefault(one.interpreter.text, set()).add(one.interpreter.path)

    def name(one: PlannedBuild) -> PlannedBuild:
        alone = len(places[one.interpreter.text]) == 1
        return replace(one, place="" if alone else shorten_home(one.interpreter.path))

    return [name(one) for one in builds]


def replay_all(
    cases: Sequence[Case],
    builds: Sequence[PlannedBuild],
    limits: Limits,
    workers: int,
    *,
    compare: bool = False,
) -> Iterator[list[Result]]:
    """Yield results as they arrive, a list per batch. A case that can't run has a result too.

    ``compare``: the results of two builds will be compared, so what is new is made sure of too.
    """
    context = multiprocessing.get_context("spawn")
    stopped = context.Event()
    with safe_path(), ProcessPoolExecutor(workers, context, _begin, (stopped,)) as pool:
        futures: list[Future[list[Result]]] = [
            pool.submit(_run_batch, list(cases[at : at + _BATCH]), planned, limits, compare)
            for planned in builds
            for at in range(0, len(cases), _BATCH)
        ]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            stopped.set()
            pool.shutdown(cancel_futures=True)
            raise


def build_all(builds: Sequence[PlannedBuild], workers: int) -> Iterator[PlannedBuild]:
    """Make the builds that the cache lacks; yield each when it is ready, or with its problem."""
    context = multiprocessing.get_context("spawn")
    begin = _begin, (context.Event(),)
    with safe_path(), ProcessPoolExecutor(workers, context, *begin) as pool:
        for future in as_completed([pool.submit(ensure_built, planned) for planned in builds]):
            yield future.result()


_stopped: Event


def _begin(stopped: Event) -> None:
    """Prepare a worker process: the parent handles Ctrl-C, and no worker outlives the parent."""
    global _stopped  # noqa: PLW0603  a pool's initializer can reach its tasks only so
    _stopped = stopped
    process.follow_parent(signal.SIGKILL)


def ensure_built(planned: PlannedBuild) -> PlannedBuild:
    """Make a build unless the cache has it. Return the build, with its problem if it has one."""
    if planned.problem:
        return planned
    try:
        build(planned.spec, planned.interpreter, instrumented=False)
    except BuildError as error:
        return replace(planned, problem=f"does not compile: {error.first_error}")
    except UserError as error:
        return replace(planned, problem=str(error))
    return planned


def _run_batch(
    cases: list[Case], planned: PlannedBuild, limits: Limits, compare: bool
) -> list[Result]:
    if planned.problem:
        return [_make_result(case, planned, "not runnable", why=planned.problem) for case in cases]
    # An unexpected case takes seven more runs: Ctrl-C does not wait for forty such cases.
    running = takewhile(lambda _: not _stopped.is_set(), cases)
    results: list[Result] = []
    for spec, some in groupby(running, lambda case: case.choose_target(planned.spec)):
        try:
            made = build(spec, planned.interpreter, instrumented=False)
        except UserError as error:  # with a finding's own recipe
            why = str(error)
            results += (_make_result(case, planned, "not runnable", why=why) for case in some)
            continue
        with Executor(made, limits) as executor:
            results += (replay_one(case, planned, executor, compare=compare) for case in some)
    return results


def replay_one(
    case: Case, planned: PlannedBuild, executor: Executor, *, compare: bool = False
) -> Result:
    """Run a case in the executor's zygote; rerun an unexpected one in fresh processes.

    ``compare``: rerun one that is new here too. A program of another target is translated.
    """
    if case.problem:
        return _make_result(case, planned, "not runnable", why=case.problem)
    made, limits = executor.build, executor.limits
    program = adapt(case.program, case.own, made.offers)
    python, offers = made.interpreter.version, made.offers
    skipped = explain_skipped(program, python, offers, abuse=limits.abuse)
    try:
        result = _judge_program(case, program, planned, executor, compare=compare)
    except UserError as error:  # a control that can't be built, say: the other cases can be run
        result = _make_result(case, planned, "not runnable", why=str(error))
    return msgspec.structs.replace(result, skipped=skipped)


def _judge_program(
    case: Case, program: Program, planned: PlannedBuild, executor: Executor, *, compare: bool
) -> Result:
    made, limits = executor.build, executor.limits
    outcome = executor.run(program)
    expected = case.find_expected(planned.spec, planned.interpreter.text)
    thorough = any(SILENT in one for one in expected or ())
    found = _diagnose(made, program, outcome, limits, thorough=thorough)
    seen = _name(found)
    python = made.interpreter.version
    missing = find_missing_words(program, python, made.offers, abuse=limits.abuse)
    if missing and not seen:
        why = f"survived, but the target has no {', '.join(missing)}"
        return _make_result(case, planned, "not comparable", seconds=outcome.seconds, why=why)
    judgement = case.judge(expected, seen, found)
    if judgement == "as expected" or (judgement == "new here" and not compare):
        return _make_result(case, planned, judgement, found, outcome.seconds)
    runs = (run_fresh(made, program, limits) for _ in range(_RERUNS))
    reruns = [_diagnose(made, program, one, limits, thorough=thorough) for one in runs]
    return _judge_reruns(case, planned, found, reruns, outcome.seconds)


def _judge_reruns(
    case: Case,
    planned: PlannedBuild,
    found: Diagnoses,
    reruns: list[Diagnoses],
    seconds: float,
) -> Result:
    """Judge the outcome that all fresh processes agree on; without one, the case is flaky."""
    expected = case.find_expected(planned.spec, planned.interpreter.text)
    seen = [_name(one) for one in reruns]
    if case.flaky and expected in seen:
        as_expected = reruns[seen.index(expected)]
        return _make_result(case, planned, "as expected", as_expected, seconds)
    if len(set(seen)) > 1:
        common, times = Counter(seen).most_common(1)[0]
        why = f"{', '.join(sorted(common)) or 'survived'} in {times} of {len(seen)} fresh processes"
        if expected is not None:
            why = f"as expected in {seen.count(expected)} of {len(seen)} fresh processes"
        return _make_result(case, planned, "flaky", found, seconds, why)
    return _make_result(case, planned, case.judge(expected, seen[0], reruns[0]), reruns[0], seconds)


def _diagnose(
    made: Build, program: Program, outcome: Outcome, limits: Limits, *, thorough: bool
) -> Diagnoses:
    outcome = compare(made, program, outcome, limits, thorough=thorough)
    found = [*diagnose(outcome, limits.memory_mib)]
    if ending := diagnose_ending(outcome, program):
        found.append(ending)
    return tuple(msgspec.structs.replace(one, stack=(), route=()) for one in found)


def _name(found: Diagnoses) -> frozenset[str]:
    return frozenset(map(str, found))


def _make_result(
    case: Case,
    planned: PlannedBuild,
    judgement: Judgement,
    found: Diagnoses = (),
    seconds: float = 0.0,
    why: str = "",
) -> Result:
    expected = case.find_expected(planned.spec, planned.interpreter.text)
    return Result(
        case=case.name,
        target=str(planned.spec),
        python=planned.python,
        judgement=judgement,
        expected=None if expected is None else tuple(sorted(expected)),
        seen=tuple(sorted(_name(found))),
        diagnoses=found,
        why=why,
        seconds=seconds,
    )


def count_cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0))
