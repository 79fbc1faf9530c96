"""Runs a finding on its controls, one at a time, so that a campaign can go on in between."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path

from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import Interpreter, find_interpreters
from finfuzz.targets.releases import released_versions
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.attribution.controls import Control, controls
from finfuzz.triage.attribution.owner import owner_of, pythons_of, releases_of
from finfuzz.triage.attribution.verdict import Wanted, judged
from finfuzz.triage.findings.attribution import Attribution, ControlResult
from finfuzz.triage.findings.finding import Finding, load, update
from finfuzz.triage.repro.story import retold, script_story

Announce = Callable[[str], None]


def attributed(
    folder: Path,
    spec: TargetSpec,
    interpreter: Interpreter,
    limits: Limits,
    announce: Announce,
) -> Iterator[tuple[int, int]]:
    """Writes the attribution into the folder's finding.json when its last control has run.

    Yields (controls done, of how many) after each. Raises UserError where the finding is damaged.
    """
    wanted = Wanted.from_finding(load(folder))
    planned = list(controls(spec, interpreter, find_interpreters(), _releases(spec)))
    cells = []
    for done, control in enumerate(planned, start=1):
        cells.append(_cell(control, wanted, limits, announce))
        yield done, len(planned)
    finding = load(folder)
    owner, reason = owner_of(spec, cells, finding.script)
    first_bad, first_good = releases_of(spec, cells)
    finding.attribution = Attribution(
        owner=owner,
        reason=reason,
        first_bad=first_bad,
        first_good=first_good,
        pythons=pythons_of(spec, interpreter.text, cells),
        cells=tuple(cells),
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )
    update(folder, finding)
    _retell(folder, finding)


def _retell(folder: Path, finding: Finding) -> None:
    """The script says whose defect it is, too."""
    script = folder / "repro.py"
    if script.exists():
        write_whole(script, retold(script.read_text(encoding="utf-8"), script_story(finding)))


def _cell(control: Control, wanted: Wanted, limits: Limits, announce: Announce) -> ControlResult:
    verdict = judged(
        wanted,
        lambda: build(control.spec, control.interpreter, instrumented=False, announce=announce),
        limits,
    )
    return ControlResult(control.axis, str(control.spec), control.interpreter.text, verdict)


def _releases(spec: TargetSpec) -> list[str]:
    try:
        return released_versions(spec.framework)
    except UserError:  # no package index and nothing cached: there are no other releases to try
        return []
