"""Choose how a finding is attributed: by its target's controls, and by its rule for the owner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from finfuzz.program.scope import list_abuse
from finfuzz.targets.build import build
from finfuzz.targets.built import Build
from finfuzz.targets.extension_words import list_offers
from finfuzz.targets.interpreters import Interpreter, find_interpreters
from finfuzz.targets.pick import pick_own
from finfuzz.targets.releases import list_releases
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.attribution.controls import Control, Plan, list_controls, tells_owner
from finfuzz.triage.attribution.owner import Opinion, find_owner
from finfuzz.triage.attribution.package_controls import (
    Parts,
    find_parts,
    plan_package_controls,
    try_listing,
)
from finfuzz.triage.attribution.package_owner import (
    IN_PLACE,
    find_package_owner,
    list_notes,
    list_uncontrolled,
    list_unlike,
)
from finfuzz.triage.attribution.verdict import Wanted
from finfuzz.triage.findings.attribution import ControlResult
from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.rate import Rate


class Rules(Protocol):
    """How findings on one sort of target are attributed."""

    @property
    def wanted(self) -> Wanted:
        """The subject of the controls' verdicts."""
        ...

    @property
    def count(self) -> int:
        """How many controls there are; 0 where their verdicts decide that."""
        ...

    @property
    def telling(self) -> int:
        """How many of the first controls tell the owner; 0 where it takes all of them."""
        ...

    def plan(self) -> Plan:
        """Plan the controls."""
        ...

    def tells_owner(self, control: Control) -> bool:
        """Whether the rule for the owner reads a control."""
        ...

    def find_owner(self, cells: Sequence[ControlResult], script: Rate) -> Opinion:
        """Find the owner by the controls' verdicts, and by the rate of the finding's script."""
        ...


def choose_rules(
    finding: Finding,
    spec: TargetSpec,
    interpreter: Interpreter,
    announce: Callable[[str], None],
) -> Rules:
    """Choose the rules for a finding's target. Raise UserError if its package can't be had."""
    if not spec.record.is_package:
        return _FrameworkRules(Wanted.from_finding(finding), spec, interpreter)
    made = build(spec, interpreter, instrumented=False, announce=announce)
    return choose_rules_on(made, Wanted.from_finding(finding, made))


def choose_rules_on(made: Build, wanted: Wanted) -> Rules:
    """Choose the rules for what a build did."""
    if made.package is None:
        return _FrameworkRules(wanted, made.spec, made.interpreter)
    return _PackageRules(wanted, made, find_parts(made))


def read_wanted(finding: Finding, spec: TargetSpec, announce: Callable[[str], None]) -> Wanted:
    """Read the subject of a bisection. Raise UserError if the finding's package can't be had."""
    if not spec.record.is_package:
        return Wanted.from_finding(finding)
    interpreter = pick_own(finding.target.python, finding.target.executable)
    made = build(spec, interpreter, instrumented=False, announce=announce)
    return Wanted.from_finding(finding, made)


@dataclass(frozen=True)
class _FrameworkRules:
    """All controls of a framework's target, or of a control's, are known beforehand."""

    wanted: Wanted
    spec: TargetSpec
    interpreter: Interpreter

    @property
    def count(self) -> int:
        return len(self._list())

    @property
    def telling(self) -> int:
        return sum(map(self.tells_owner, self._list()))

    def tells_owner(self, control: Control) -> bool:
        return tells_owner(self.spec, control)

    def plan(self) -> Plan:
        # A list takes no answers, and `yield from` would pass them on.
        for control in self._list():  # noqa: UP028
            yield control

    def _list(self) -> list[Control]:
        releases = try_listing(lambda: list_releases(self.spec.framework))
        found = list_controls(self.spec, self.interpreter, find_interpreters(), releases)
        return sorted(found, key=lambda control: not self.tells_owner(control))

    def find_owner(self, cells: Sequence[ControlResult], script: Rate) -> Opinion:
        steps = list_abuse(self.wanted.program, self.interpreter.version, list_offers(self.spec))
        abuse = [" ".join((step.op, *step.args)) for step in steps]
        return find_owner(self.spec, cells, script, self.wanted.diagnosis.coarse_phase, abuse)


@dataclass(frozen=True)
class _PackageRules:
    """The controls of a package depend on what it is made of, and on each other's verdicts."""

    wanted: Wanted
    made: Build
    parts: Parts
    count: int = 0
    telling: int = 0

    def plan(self) -> Plan:
        return plan_package_controls(self.made, self.parts, find_interpreters())

    def tells_owner(self, control: Control) -> bool:
        return control.axis in IN_PLACE

    def find_owner(self, cells: Sequence[ControlResult], script: Rate) -> Opinion:
        assert self.made.package is not None
        marks, like = self.parts.marks, self.parts.like
        unsupported, program = self.made.package.recipe.unsupported, self.wanted.program
        unlike = list_unlike(self.wanted.diagnosis.diagnostic, program)
        return find_package_owner(
            self.made.spec,
            cells,
            script,
            list(list_notes(marks, like, unsupported, program)),
            lacks_control=bool(list_uncontrolled(marks, like)),
            unlike=unlike,
        )
