"""Run a finding on its controls, one at a time, so that a campaign can go on in between."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path

from finfuzz.executor.limits import Limits
from finfuzz.support.files import write_whole
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.attribution.controls import Control
from finfuzz.triage.attribution.owner import list_pythons
from finfuzz.triage.attribution.python_range import describe_python_range
from finfuzz.triage.attribution.release_range import find_release_range
from finfuzz.triage.attribution.rules import choose_rules
from finfuzz.triage.attribution.search import send
from finfuzz.triage.attribution.verdict import Wanted, build_and_judge
from finfuzz.triage.findings.attribution import Attribution, ControlResult
from finfuzz.triage.findings.finding import Finding, load, update
from finfuzz.triage.findings.trust import is_own, note_finding
from finfuzz.triage.repro.story import replace_story, write_story

Announce = Callable[[str], None]


def attribute_finding(
    folder: Path,
    spec: TargetSpec,
    interpreter: Interpreter,
    limits: Limits,
    announce: Announce,
    report: Announce = lambda _: None,
) -> Iterator[tuple[int, int]]:
    """Write the attribution into the folder's finding.json after the last control.

    ``announce`` gets a line before each build, ``report`` a line with each verdict.

    Yield (controls done, of how many) after each; of 0 where verdicts decide how many there are.
    Raise UserError if the finding is damaged, or if its package can't be had.
    """
    rules = choose_rules(load(folder), spec, interpreter, announce)
    cells: list[ControlResult] = []
    plan = rules.plan()
    control = next(plan, None)
    while control is not None:
        cells.append(_judge_control(control, rules.wanted, limits, announce))
        report(str(cells[-1]))
        yield len(cells), rules.count
        control = send(plan, cells[-1].verdict)
    finding = load(folder)
    opinion = rules.find_owner(cells, finding.script)
    releases = find_release_range(spec, cells)
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
        python_range=describe_python_range(spec, interpreter.text, cells),
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )
    update(folder, finding)
    _retell(folder, finding)


def _retell(folder: Path, finding: Finding) -> None:
    """Add the owner to the script's first lines."""
    script = folder / "repro.py"
    if script.exists():
        own = is_own(folder)
        write_whole(script, replace_story(script.read_text(encoding="utf-8"), write_story(finding)))
        if own:
            note_finding(folder)


def _judge_control(
    control: Control, wanted: Wanted, limits: Limits, announce: Announce
) -> ControlResult:
    verdict = build_and_judge(
        wanted,
        lambda: build(control.spec, control.interpreter, instrumented=False, announce=announce),
        limits,
    )
    return ControlResult(control.axis, control.spec.name, control.interpreter.text, verdict)
