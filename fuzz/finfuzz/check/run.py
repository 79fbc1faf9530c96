"""Run the scenarios of a check, each in a fresh process, as many at once as there are cores."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing.synchronize import Event
from typing import NamedTuple

import msgspec

from finfuzz.check.results import Row
from finfuzz.check.scenarios import Scenario, adapt, list_words
from finfuzz.check.states import BAD, Judged, judge
from finfuzz.executor import process
from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.model import Program
from finfuzz.program.prefixes import list_refusals
from finfuzz.program.scope import Scope
from finfuzz.program.text import to_text
from finfuzz.support.errors import UserError
from finfuzz.support.own_python import safe_path
from finfuzz.targets.build import Build
from finfuzz.triage.findings.known import find_known
from finfuzz.triage.findings.rate import FEW, Rate
from finfuzz.triage.findings.record import StackFrame
from finfuzz.triage.stack import read_stack, record_stack

#: Runs that confirm a death, the first among them; FEW where they don't agree.
_RUNS = 3
#: A hang is one only if it exceeds the deadline by so much, too.
_PATIENCE = 2
#: The deadline where none is given: so many times what the first scenario takes, which does little
#: but import. It follows the package and the load of the machine; no scenario imports more often
#: than four times. And so many seconds at least.
_TIMES, _LEAST_SECONDS = 20, 3.0


@dataclass(frozen=True)
class Settings:
    """``deadline``: seconds for one scenario; None: by what the import takes."""

    deadline: float | None
    memory_mib: int

    def make_limits(self, import_seconds: float) -> Limits:
        """Make the limits of a scenario for a package whose import took so long."""
        found = max(_LEAST_SECONDS, _TIMES * import_seconds)
        return Limits(self.deadline or found, self.memory_mib)


class Ran(NamedTuple):
    """One run: what it showed, its wall time, and a death's stack."""

    judged: Judged
    seconds: float
    stack: tuple[StackFrame, ...] = ()


def run_scenarios(
    made: Build, scenarios: Sequence[Scenario], settings: Settings, workers: int
) -> Iterator[Row]:
    """Yield a row for each scenario, as they end. The first runs alone, and sets the deadline."""
    context = multiprocessing.get_context("spawn")
    stopped = context.Event()
    with safe_path(), ProcessPoolExecutor(workers, context, _begin, (stopped,)) as pool:
        try:
            slow = made.package.probe.imported.seconds if made.package else 0.0
            patient = settings.make_limits(max(slow, 1.0))
            first = pool.submit(_check_scenario, made, scenarios[0], patient).result()
            yield first
            limits = settings.make_limits(first.seconds)
            rest: list[Future[Row]] = [
                pool.submit(_check_scenario, made, one, limits) for one in scenarios[1:]
            ]
            for future in as_completed(rest):
                yield future.result()
        except BaseException:
            stopped.set()
            pool.shutdown(cancel_futures=True)
            raise


_stopped: Event


def _begin(stopped: Event) -> None:
    """Prepare a worker process: the parent handles Ctrl-C, and no worker outlives the parent."""
    global _stopped  # noqa: PLW0603  a pool's initializer can reach its tasks only so
    _stopped = stopped
    process.follow_parent(signal.SIGKILL)


def _check_scenario(made: Build, scenario: Scenario, limits: Limits) -> Row:
    """Run a scenario; run a death again."""
    row = _make_row(made, scenario)
    if lacking := _find_lacking(made, scenario):
        return msgspec.structs.replace(row, state="does not apply", detail=lacking)
    try:
        first = _run(made, scenario, limits)
        ran = first
        if first.judged.state in BAD:
            ran, rate = _confirm(made, scenario, limits, first)
            row = msgspec.structs.replace(row, rate=rate)
    except UserError as error:
        return msgspec.structs.replace(row, state="not run", detail=str(error))
    judged = ran.judged
    row = msgspec.structs.replace(
        row,
        state=judged.state,
        detail=judged.detail,
        diagnosis=judged.diagnosis,
        stack=ran.stack,
        seconds=first.seconds,
        unsupported=_find_unsupported(made, scenario) if judged.state in BAD else "",
    )
    return _find_known(made, row)


def _make_row(made: Build, scenario: Scenario) -> Row:
    program = to_text(_adapt(made, scenario))
    return Row(scenario=scenario.name, title=scenario.title, state="survived", program=program)


def _adapt(made: Build, scenario: Scenario) -> Program:
    kinds = made.package.recipe.kind if made.package else {}
    roles = {f":{name}": kind.role for name, kind in kinds.items()}
    return adapt(scenario.program, made.offers, roles)


def _run(made: Build, scenario: Scenario, limits: Limits) -> Ran:
    program = _adapt(made, scenario)
    outcome = run_fresh(made, program, limits)
    judged = judge(outcome, program, limits.memory_mib)
    stack: tuple[StackFrame, ...] = ()
    if judged.diagnosis is not None and judged.state in BAD:
        stack = record_stack(read_stack(outcome, judged.diagnosis.diagnostic))
    return Ran(judged, outcome.seconds, stack)


def _confirm(
    made: Build, scenario: Scenario, limits: Limits, first: Ran
) -> tuple[Ran, Rate | None]:
    """Run a death or a wrong answer again. Return the run that counts, and how often it was so.

    A hang that ends each time when it has more time was none.
    """
    again = replace(limits, deadline=limits.deadline * _PATIENCE)
    runs = [first, *(_run(made, scenario, again) for _ in range(_RUNS - 1))]
    if first.judged.state == "hangs" and not any(_is_same(one, first) for one in runs[1:]):
        runs = runs[1:]
        first = next((one for one in runs if one.judged.state in BAD), runs[0])
        if first.judged.state not in BAD:
            return first, None
    while not all(_is_same(one, first) for one in runs) and len(runs) < FEW and not _is_stopped():
        runs.append(_run(made, scenario, again))
    return first, Rate(sum(_is_same(one, first) for one in runs), len(runs))


def _is_stopped() -> bool:
    return _stopped.is_set()


def _is_same(one: Ran, other: Ran) -> bool:
    return _name(one.judged) == _name(other.judged)


def _name(judged: Judged) -> tuple[str, str]:
    return judged.state, str(judged.diagnosis or "")


def _find_lacking(made: Build, scenario: Scenario) -> str:
    """Say what the target's CPython lacks for a scenario; empty where it lacks nothing.

    Without a recipe there are no questions to ask, and the rest of a scenario runs all the same.
    """
    offers = replace(made.offers, operations=made.offers.operations | {"self-check"})
    scope = Scope(made.interpreter.version, offers=offers)
    refusals = list_refusals(_adapt(made, scenario), scope)
    return next((str(refusal) for refusal in refusals if refusal is not None), "")


def _find_unsupported(made: Build, scenario: Scenario) -> str:
    """Say why the package's documentation rules the scenario out; empty where it does not."""
    ruled = made.package.recipe.unsupported if made.package else None
    if ruled is None or set(ruled.words).isdisjoint(list_words(scenario.program)):
        return ""
    return ruled.why


def _find_known(made: Build, row: Row) -> Row:
    """Find a death among the known defects."""
    if row.diagnosis is None or row.state not in BAD:
        return row
    known = find_known(row.diagnosis, made.spec, made.interpreter.text)
    if known is None:
        return row
    state = "known" if known.owner == "CPython" else row.state
    title = f"{known.title} ({known.link})"
    return msgspec.structs.replace(row, state=state, owner=known.owner, known=title)
