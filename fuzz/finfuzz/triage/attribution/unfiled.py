"""Find the owner of what nobody has filed: by the rule of findings, before there is a script."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from finfuzz.executor.limits import Limits
from finfuzz.targets.built import Build
from finfuzz.triage.attribution.attribute import judge_control
from finfuzz.triage.attribution.controls import Control
from finfuzz.triage.attribution.owner import Opinion
from finfuzz.triage.attribution.reduced import ControlBuilds
from finfuzz.triage.attribution.rules import Rules, choose_rules_on
from finfuzz.triage.attribution.search import send
from finfuzz.triage.attribution.verdict import Wanted
from finfuzz.triage.findings.attribution import ControlResult
from finfuzz.triage.findings.rate import Rate


def find_owner_on(
    made: Build,
    wanted: Wanted,
    limits: Limits,
    announce: Callable[[str], None],
    report: Callable[[ControlResult], None] = lambda _: None,
) -> Opinion:
    """Find the owner of what a build without coverage did, by the controls that tell it.

    ``announce`` gets a line before each build, ``report`` each control with its verdict.
    """
    rules = choose_rules_on(made, wanted)
    builds = ControlBuilds(wanted, made.spec, made.interpreter, limits, announce)
    cells = []
    for cell in _judge(rules, builds):
        report(cell)
        cells.append(cell)
    return rules.find_owner(cells, Rate(0, 0))


def _judge(rules: Rules, builds: ControlBuilds) -> Iterator[ControlResult]:
    plan = rules.plan()
    control: Control | None = next(plan, None)
    while control is not None and rules.tells_owner(control):
        if control.axis == "instrumentation":  # the build itself
            control = next(plan, None)
            continue
        cell = judge_control(control, builds)
        yield cell
        control = send(plan, cell.verdict)
