"""Runs cases on builds, side by side: a process a core, each with one zygote at a time."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import takewhile
from multiprocessing.synchronize import Event

from finfuzz.executor import process
from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.program.scope import runnable
from finfuzz.replay.cases import Case
from finfuzz.replay.judge import Result, What
from finfuzz.support.errors import UserError
from finfuzz.support.own_python import safe_path
from finfuzz.targets.build import build
from finfuzz.targets.compiler import BuildError
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.diagnosis import diagnose

#: Cases that one process takes on one build at a time: a zygote's start (0.1 s) is then a tenth of
#: what they cost, and two cores are done at nearly the same time.
_AT_ONCE = 40
#: What is not as expected is run again in fresh processes, as often as this: seven alike leave a
#: chance of less than 1 % for something that happens half of the time (2 ** -7).
_AGAIN = 7


@dataclass(frozen=True)
class Place:
    """A build to replay on. ``problem``: why there is none; nothing is run on it then."""

    spec: TargetSpec
    interpreter: Interpreter
    problem: str = ""

    @property
    def name(self) -> str:
        return f"{self.spec} on {self.interpreter.text}"


def replayed(
    cases: Sequence[Case], places: Sequence[Place], limits: Limits, workers: int
) -> Iterator[list[Result]]:
    """Yields results as they come, each list of one build's. What can't run is a result too."""
    context = multiprocessing.get_context("spawn")
    stopped = context.Event()
    with safe_path(), ProcessPoolExecutor(workers, context, _begin, (stopped,)) as pool:
        futures: list[Future[list[Result]]] = [
            pool.submit(_run, list(cases[at : at + _AT_ONCE]), place, limits)
            for place in places
            for at in range(0, len(cases), _AT_ONCE)
        ]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            stopped.set()
            pool.shutdown(cancel_futures=True)
            raise


def built(places: Sequence[Place], workers: int) -> Iterator[Place]:
    """Makes the builds that the cache lacks; yields each place as its build is there, or with the
    problem that it has."""
    context = multiprocessing.get_context("spawn")
    begin = _begin, (context.Event(),)
    with safe_path(), ProcessPoolExecutor(workers, context, *begin) as pool:
        for future in as_completed([pool.submit(built_here, place) for place in places]):
            yield future.result()


_stopped: Event


def _begin(stopped: Event) -> None:
    """In each worker: Ctrl-C is the parent's business, and nothing outlives the parent."""
    global _stopped  # noqa: PLW0603  how a pool hands something to all of its tasks
    _stopped = stopped
    process.ignore_terminal()
    process.end_with_parent(signal.SIGKILL)
    process.adopt_orphans()


def built_here(place: Place) -> Place:
    """A place with its build in the cache, or with the problem that it has."""
    if place.problem:
        return place
    try:
        build(place.spec, place.interpreter, instrumented=False)
    except BuildError as error:
        lines = str(error).splitlines()
        first = next((line for line in lines if "error:" in line), lines[0])
        return Place(place.spec, place.interpreter, f"does not compile: {first}")
    except UserError as error:
        return Place(place.spec, place.interpreter, str(error))
    return place


def _run(cases: list[Case], place: Place, limits: Limits) -> list[Result]:
    if place.problem:
        return [_result(case, place, "not runnable", why=place.problem) for case in cases]
    made = build(place.spec, place.interpreter, instrumented=False)
    with Executor(made, limits) as executor:
        # What is not as expected is run seven times more: Ctrl-C does not wait for forty of those.
        running = takewhile(lambda _: not _stopped.is_set(), cases)
        return [replay_one(case, place, executor) for case in running]


def replay_one(case: Case, place: Place, executor: Executor) -> Result:
    """Runs a case in the executor's zygote and, if that is not as expected, in fresh processes."""
    if case.problem:
        return _result(case, place, "not runnable", why=case.problem)
    made, limits = executor.build, executor.limits
    text = runnable(case.program, made.interpreter.version[:2], abuse=limits.abuse)
    try:
        outcome = executor.run(text)
    except UserError as error:
        return _result(case, place, "not runnable", why=str(error))
    expected = case.expected(place.spec, place.interpreter.text)
    seen = _seen(outcome, limits)
    what = case.judged(expected, seen)
    if what in ("as expected", "new here"):
        return _result(case, place, what, seen, outcome.seconds)
    again = [_seen(run_fresh(made, text, limits), limits) for _ in range(_AGAIN)]
    return _settled(case, place, seen, again, outcome.seconds)


def _settled(
    case: Case, place: Place, seen: frozenset[str], again: list[frozenset[str]], seconds: float
) -> Result:
    """What fresh processes agree on; where they don't, it is flaky."""
    expected = case.expected(place.spec, place.interpreter.text)
    if case.flaky and expected in again:
        return _result(case, place, "as expected", expected or frozenset(), seconds)
    if len(set(again)) > 1:
        alike = sum(one == expected for one in again)
        why = f"as expected {alike} of {len(again)} times in fresh processes"
        return _result(case, place, "flaky", seen, seconds, why)
    return _result(case, place, case.judged(expected, again[0]), again[0], seconds)


def _seen(outcome: Outcome, limits: Limits) -> frozenset[str]:
    return frozenset(str(one) for one in diagnose(outcome, limits.memory_mib))


def _result(
    case: Case,
    place: Place,
    what: What,
    seen: frozenset[str] = frozenset(),
    seconds: float = 0.0,
    why: str = "",
) -> Result:
    expected = case.expected(place.spec, place.interpreter.text)
    return Result(
        case=case.name,
        target=str(place.spec),
        python=place.interpreter.text,
        what=what,
        expected=None if expected is None else tuple(sorted(expected)),
        seen=tuple(sorted(seen)),
        why=why,
        seconds=seconds,
    )


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0))
