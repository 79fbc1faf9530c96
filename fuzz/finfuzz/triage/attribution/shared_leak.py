"""A framework's leak report, next to what the same program leaves without the framework."""

from __future__ import annotations

from collections.abc import Callable

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.model import Program
from finfuzz.program.roles import adapt
from finfuzz.targets.build import Build, build
from finfuzz.targets.frameworks import DEFAULT, FRAMEWORKS
from finfuzz.targets.spec import TargetSpec


def find_shared_leak(
    made: Build, program: Program, limits: Limits, announce: Callable[[str], None]
) -> str:
    """Say what the control without a framework leaves of the program; empty where nothing.

    Objects that are left there too are CPython's doing, or kept by the program after all. A control
    that crashes leaves objects for another reason. Raise UserError if it can't be built.
    """
    record = made.spec.record if made.spec.record.is_compiled else FRAMEWORKS[DEFAULT]
    name = record.controls[-1]
    spec = made.spec.switch_alike(TargetSpec(name))
    control = build(spec, made.interpreter, instrumented=False, announce=announce)
    outcome = run_fresh(control, adapt(program, made.offers.own, control.offers), limits.patient)
    if outcome.died or not outcome.alive:
        return ""
    return f"{name} leaves objects too ({outcome.alive})"
