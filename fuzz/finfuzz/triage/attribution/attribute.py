"""Run a finding on its controls, one at a time, so that a campaign can go on in between."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path

from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import Interpreter, find_interpreters
from finfuzz.targets.releases import list_releases
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.attribution.controls import Control, list_controls
from finfuzz.triage.attribution.owner import find_owner, find_release_range, list_pythons
from finfuzz.triage.attribution.python_range import describe_python_range
from finfuzz.triage.attribution.verdict import Wanted, build_and_judge
from finfuzz.triage.findings.attribution import Attribution, ControlResult
from finfuzz.triage.findings.finding import Finding, load, update
from finfuzz.triage.repro.story import replace_story, write_story

Announce = Callable[[str], None]


def attribute_finding(
    folder: Path,
    spec: TargetSpec,
    interpreter: Interpreter,
    limits: Limits,
    announce: Announce,
) -> Iterator[tuple[int, int]]:
    """Write the attribution into the folder's finding.json after the last control.

    Yield (controls done, of how many) after each. Raise UserError if the finding is damaged.
    """
    wanted = Wanted.from_finding(load(folder), folder)
    planned = list(list_controls(spec, interpreter, find_interpreters(), _list_releases(spec)))
    cells = []
    for done, control in enumerate(planned, start=1):
        cells.append(_judge_control(control, wanted, limits, announce))
        yield done, len(planned)
    finding = load(folder)
    owner, reason = find_owner(spec, cells, finding.script)
    first_bad, first_good = find_release_range(spec, cells)
    finding.attribution = Attribution(
        owner=owner,
        reason=reason,
        first_bad=first_bad,
        first_good=first_good,
        pythons=list_pythons(spec, interpreter.text, cells),
        cells=tuple(cells),
        python_range=describe_python_range(spec, interpreter.text, cells),
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )
    update(folder, finding)
    _retell(folder, finding)


def _retell(folder: Path, finding: Finding) -> None:
    """Add the owner to the script's first lines."""
    script = folder / "repro.py"
    if script.exists():
        write_whole(script, replace_story(script.read_text(encoding="utf-8"), write_story(finding)))


def _judge_control(
    control: Control, wanted: Wanted, limits: Limits, announce: Announce
) -> ControlResult:
    verdict = build_and_judge(
        wanted,
        lambda: build(control.spec, control.interpreter, instrumented=False, announce=announce),
        limits,
    )
    return ControlResult(control.axis, control.spec.name, control.interpreter.text, verdict)


def _list_releases(spec: TargetSpec) -> list[str]:
    if spec.record.headers is None:
        return []
    try:
        return list_releases(spec.framework)
    except UserError:  # no package index and nothing cached: no other releases to try
        return []
