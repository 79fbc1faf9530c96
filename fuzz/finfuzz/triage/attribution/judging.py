"""Judging a finding's controls, here or on a node that has what a control needs."""

from __future__ import annotations

import socket
from collections.abc import Generator

from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError
from finfuzz.support.system import describe_system
from finfuzz.targets.built import Build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.attribution.controls import Control
from finfuzz.triage.attribution.nodes import Judged, JudgeTask, Nodes, Place
from finfuzz.triage.attribution.reduced import ControlBuilds
from finfuzz.triage.attribution.verdict import Wanted, build_and_judge
from finfuzz.triage.findings.attribution import ControlResult
from finfuzz.triage.findings.finding import Finding

#: The longest wait between two signs of life.
_WAIT_SECONDS = 1.0


def judge_control(control: Control, builds: ControlBuilds) -> ControlResult:
    """Build a control and run the program there; a control that can't be had is a result too."""
    verdict = build_and_judge(builds.wanted, lambda: builds.build(control), builds.limits)
    return ControlResult(control.axis, control.spec.name, control.interpreter.text, verdict)


def judge_anywhere(
    control: Control, builds: ControlBuilds, finding: Finding, nodes: Nodes
) -> Generator[None, None, ControlResult]:
    """Judge a finding on a control; yield each second while a node is at it.

    A node that is lost leaves the control to this machine.
    """
    if places := _list_able(control, builds, nodes):
        task = make_task(control, finding, builds.limits)
        pending = nodes.submit(task, places)
        try:
            while (judged := pending.wait(_WAIT_SECONDS)) is None:
                yield
        except UserError as error:
            builds.announce(f"{control.spec} on a node: {error}: judging it here")
        else:
            name, python = control.spec.name, control.interpreter.text
            return ControlResult(control.axis, name, python, judged.verdict)
    return judge_control(control, builds)


def make_task(control: Control, finding: Finding, limits: Limits) -> JudgeTask:
    """Make the task that judges a finding on a control."""
    return JudgeTask(
        finding=finding,
        axis=control.axis,
        target=str(control.spec),
        python=control.interpreter.text,
        deadline=limits.deadline,
        memory_mib=limits.memory_mib,
    )


def run_task(
    task: JudgeTask, interpreter: Interpreter, own: Interpreter | None, processor: str
) -> Judged:
    """Run a task on this machine. Raises UserError for a finding on a package.

    ``interpreter``: the task's CPython. ``own``: the finding's; None where there is none here, and
    then no control is reduced.
    """
    finding = task.finding
    spec = parse_target(finding.target.spec)
    if spec.package:
        raise UserError(f"{spec} is a package: its findings are judged where they were filed")
    axis = task.axis if own else "instrumentation"
    control = Control(axis, parse_target(task.target), interpreter)
    limits = Limits(task.deadline, task.memory_mib)
    wanted = Wanted.from_finding(finding)
    builds = ControlBuilds(wanted, spec, own or interpreter, limits, lambda _: None)
    made: list[str] = []

    def get() -> Build:
        made.append((build := builds.build(control)).id)
        return build

    verdict = build_and_judge(wanted, get, limits)
    return Judged(verdict, made[0] if made else "", processor, describe_system())


def _list_able(control: Control, builds: ControlBuilds, nodes: Nodes) -> list[Place]:
    """List the nodes that have all that a control needs: a package or a checkout is here alone.

    A Dask worker of this host would fuzz no more meanwhile, and triage has a core for itself.
    """
    if any(one.package or one.path is not None for one in (control.spec, builds.spec)):
        return []
    needed = {control.interpreter.text, builds.interpreter.text}
    return [place for place in nodes.list_places({socket.gethostname()}) if needed <= place.pythons]
