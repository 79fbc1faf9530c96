"""Run a finding on its controls, one at a time, so that a campaign can go on in between."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from finfuzz.executor.limits import Limits
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.attribution.controls import Control
from finfuzz.triage.attribution.owner import list_pythons
from finfuzz.triage.attribution.python_range import describe_python_range
from finfuzz.triage.attribution.reduced import ControlBuilds
from finfuzz.triage.attribution.release_range import ReleaseRange, find_release_range
from finfuzz.triage.attribution.rules import Rules, choose_rules
from finfuzz.triage.attribution.search import send
from finfuzz.triage.attribution.verdict import build_and_judge
from finfuzz.triage.findings.attribution import Attribution, ControlResult
from finfuzz.triage.findings.finding import load, update
from finfuzz.triage.repro.story import rewrite_story

Announce = Callable[[str], None]


def attribute_finding(
    folder: Path,
    spec: TargetSpec,
    interpreter: Interpreter,
    limits: Limits,
    announce: Announce,
    report: Announce = lambda _: None,
    *,
    owner_only: bool = False,
) -> Iterator[tuple[int, int]]:
    """Write the attribution into the folder's finding.json: as soon as the owner is known.

    Each later control is added to it, so a kill costs one control; an attribution with controls
    left is continued, any other is made anew. ``announce`` gets a line before each build,
    ``report`` a line with each verdict. ``owner_only``: leave the later controls.

    Yield (controls done, of how many) after each; of 0 where verdicts decide how many there are.
    Raise UserError if the finding is damaged, or if its package can't be had.
    """
    finding = load(folder)
    before = finding.attribution
    rules = choose_rules(finding, spec, interpreter, announce)
    builds = ControlBuilds(rules.wanted, spec, interpreter, limits, announce)
    earlier = {_identify(cell): cell for cell in before.cells} if before and before.left else {}
    cells: list[ControlResult] = []
    plan = rules.plan()
    control = next(plan, None)
    while control is not None:
        cell = earlier.get((control.axis, control.spec.name, control.interpreter.text))
        if cell is None:
            cell = judge_control(control, builds)
            report(str(cell))
        cells.append(cell)
        if 0 < rules.telling <= len(cells) < rules.count:
            _write(folder, rules, spec, interpreter, cells, rules.count - len(cells))
            if owner_only:
                yield len(cells), rules.telling
                return
        yield len(cells), rules.telling if owner_only else rules.count
        control = send(plan, cell.verdict)
    _write(folder, rules, spec, interpreter, cells)


def _identify(cell: ControlResult) -> tuple[str, str, str]:
    return cell.axis, cell.target, cell.python


def _write(
    folder: Path,
    rules: Rules,
    spec: TargetSpec,
    interpreter: Interpreter,
    cells: Sequence[ControlResult],
    left: int = 0,
) -> None:
    """Write the attribution that the verdicts so far support. ``left``: controls without one.

    While controls are left, releases and CPythons without a verdict could refute any range.
    """
    finding = load(folder)
    opinion = rules.find_owner(cells, finding.script)
    releases = ReleaseRange() if left else find_release_range(spec, cells)
    finding.attribution = Attribution(
        owner=opinion.owner,
        reason=opinion.reason,
        confidence=opinion.confidence,
        notes=opinion.notes,
        first_bad=releases.first_bad,
        first_good=releases.first_good,
        pythons=list_pythons(spec, interpreter.text, cells),
        cells=tuple(cells),
        release_range=releases.sentence,
        python_range="" if left else describe_python_range(spec, interpreter.text, cells),
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        left=left,
    )
    update(folder, finding)
    rewrite_story(folder, finding)


def judge_control(control: Control, builds: ControlBuilds) -> ControlResult:
    """Build a control and run the program there; a control that can't be had is a result too."""
    verdict = build_and_judge(builds.wanted, lambda: builds.build(control), builds.limits)
    return ControlResult(control.axis, control.spec.name, control.interpreter.text, verdict)
