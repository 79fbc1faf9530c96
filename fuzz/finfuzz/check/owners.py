"""Find whose defects the rows of a check show, once for all rows of one defect."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from finfuzz.check.results import Row
from finfuzz.executor.limits import Limits
from finfuzz.program.text import parse
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build
from finfuzz.triage.attribution.unfiled import find_owner_on
from finfuzz.triage.attribution.verdict import Wanted
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.findings.attribution import ControlResult
from finfuzz.triage.findings.rate import Rate


def group_defects(rows: Sequence[Row]) -> list[list[Row]]:
    """Group the rows without an owner that a check fails for, by their defect."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if row.is_bad and row.diagnosis is not None and not row.owner:
            groups.setdefault(row.diagnosis.bucket, []).append(row)
    return list(groups.values())


def add_owner(
    made: Build,
    group: Sequence[Row],
    limits: Limits,
    announce: Callable[[str], None],
    report: Callable[[ControlResult], None],
) -> list[Row]:
    """Add the owner to the rows of one defect, found by the rule of findings.

    ``announce`` gets a line before each build, ``report`` each control with its verdict.
    """
    first, diagnosis = group[0], group[0].diagnosis
    assert diagnosis is not None
    controls: list[str] = []

    def keep(cell: ControlResult) -> None:
        controls.append(cell.target)
        report(cell)

    try:
        wanted = _make_wanted(made, first, diagnosis)
        opinion = find_owner_on(made, wanted, limits, announce, keep)
    except UserError as error:  # a package of a control can't be had, say
        announce(f"{first.scenario}: its owner is not known: {error}")
        return list(group)
    found = {
        "owner": opinion.owner,
        "reason": opinion.reason,
        "confidence": opinion.confidence,
        "notes": opinion.notes,
        "controls": tuple(dict.fromkeys(controls)),
    }
    return [msgspec.structs.replace(row, **found) for row in group]


def _make_wanted(made: Build, row: Row, diagnosis: Diagnosis) -> Wanted:
    return Wanted.on(made, diagnosis, parse(row.program), row.rate or Rate(1, 1), row.stack)
