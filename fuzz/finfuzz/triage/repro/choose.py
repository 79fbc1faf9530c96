"""Choose the form of a script to file: the plainest that crashes as often as the program did."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.findings.rate import Rate, Report, report_nothing
from finfuzz.triage.repro.run import confirm_script


class Script(NamedTuple):
    """A script's files by name, and the rate at which repro.py reproduced the finding."""

    files: Mapping[str, str]
    rate: Rate


def choose_script(
    write: Callable[[bool], Mapping[str, str]],
    made: Build,
    diagnosis: Diagnosis,
    limits: Limits,
    reproduced: Rate,
    report: Report = report_nothing,
) -> Script:
    """Run one form after the other, each in a new folder and a clean environment.

    ``write``: returns the files of the plain form (True) or of the other. ``reproduced``: the
    program's rate in fresh processes. ``report``: as of ``confirm_script``. Raise UserError if no
    form can be built.
    """
    forms = [write(True), write(False)]
    tried: list[Script] = []
    failed: UserError | None = None
    for files in forms[:1] if forms[0] == forms[1] else forms:
        try:
            tried.append(Script(files, _measure(files, made, diagnosis, limits, report)))
        except UserError as error:  # the other form may build
            failed = error
            continue
        if _compute_share(tried[-1].rate) >= _compute_share(reproduced):
            return tried[-1]
    if failed is not None and not tried:
        raise failed
    return max(tried, key=lambda script: _compute_share(script.rate))


def _measure(
    files: Mapping[str, str], made: Build, diagnosis: Diagnosis, limits: Limits, report: Report
) -> Rate:
    with tempfile.TemporaryDirectory(prefix="finfuzz-script-") as folder:
        for name, text in files.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        return confirm_script(Path(folder), made, diagnosis, limits, report)


def _compute_share(rate: Rate) -> float:
    return rate.k / rate.n if rate.n else 0.0
