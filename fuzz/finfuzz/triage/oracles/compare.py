"""Run the control where an outcome may be odd, and keep what differs in the outcome."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import msgspec

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.program.model import Program
from finfuzz.program.roles import adapt
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.diagnosis.bucket import COMPARED
from finfuzz.triage.oracles.held import find_held, list_all_held
from finfuzz.triage.oracles.hooks import SILENT, find_silent_hooks, list_all_silent, list_silent
from finfuzz.triage.oracles.left import find_left, list_all_left
from finfuzz.triage.oracles.meanings import list_meanings
from finfuzz.triage.oracles.raises import find_raises, is_expected, list_all_raises
from finfuzz.triage.oracles.ran import Ran

#: Programs whose outcome on the control is kept: the same one is confirmed ten times in a row.
_KEPT = 64


def compare(
    made: Build,
    program: Program,
    outcome: Outcome,
    limits: Limits,
    announce: Callable[[str], None] = lambda _: None,
    *,
    thorough: bool = False,
) -> Outcome:
    """Return the outcome with its deviations from the control's.

    The control runs, in a fresh process, only where a step raised, an object is left or a census
    found something; where it is ``thorough``, also for hooks that never ran. A target without a
    control, as a package, is compared with itself. Raise UserError if the control can't be built.
    """
    refusals = made.spec.record.refusals
    own = _read(made, program, outcome, limits)
    raised = any(not is_expected(one, refusals) for one in outcome.raised)
    silent = thorough and not outcome.died and bool(list_silent(own))
    if not (raised or outcome.left or outcome.censuses or silent):
        return outcome
    name = find_control(made.spec)
    control = _run_control(name, made, program, limits, announce) if name else None
    found = [*find_raises(own, control, refusals), *find_left(own, control)]
    found += find_held(own, control)
    if thorough:
        found += find_silent_hooks(own, control)
    return msgspec.structs.replace(outcome, deviations=tuple(found))


def compare_for(
    wanted: str, made: Build, program: Program, outcome: Outcome, limits: Limits
) -> Outcome:
    """Return the outcome with its deviations, as far as a diagnostic needs them."""
    if wanted not in COMPARED:
        return outcome
    return compare(made, program, outcome, limits, thorough=wanted == SILENT)


def compare_anywhere(
    wanted: str, made: Build, program: Program, outcome: Outcome, limits: Limits
) -> Outcome:
    """Do as ``compare_for``; on a control, take all for deviations that may be on a target.

    So a finding's control shows whether the same happens there.
    """
    if wanted not in COMPARED or find_control(made.spec) or made.package is not None:
        return compare_for(wanted, made, program, outcome, limits)
    own = _read(made, program, outcome, limits)
    found = (*list_all_raises(own), *list_all_left(own), *list_all_held(own))
    return msgspec.structs.replace(outcome, deviations=(*found, *list_all_silent(own)))


def find_control(spec: TargetSpec) -> str:
    """Name the target that a target is compared with; empty for a control, and for a package."""
    record = spec.record
    if not record.is_compiled or record.is_control:
        return ""
    return record.find_style(spec.version, spec.policy) or record.controls[-1]


def _run_control(
    name: str, made: Build, program: Program, limits: Limits, announce: Callable[[str], None]
) -> Ran:
    spec = parse_target(name)
    control = build(spec, made.interpreter, instrumented=False, announce=announce)
    translated = adapt(program, made.offers.own, control.offers)
    return _run_once(spec, made.interpreter, translated, limits)


@lru_cache(maxsize=_KEPT)
def _run_once(spec: TargetSpec, interpreter: Interpreter, program: Program, limits: Limits) -> Ran:
    control = build(spec, interpreter, instrumented=False)
    outcome = run_fresh(control, program, limits.patient)
    return _read(control, program, outcome, limits)._replace(name=str(spec))


def _read(made: Build, program: Program, outcome: Outcome, limits: Limits) -> Ran:
    python = made.interpreter.version
    return Ran(list_meanings(program, python, made.offers, abuse=limits.abuse), outcome)
