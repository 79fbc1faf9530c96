"""A stripped and an unstripped build of one CPython give the same buckets.

Stripping changes no code. So one run serves for both: its frames are looked up in the files as they
are, and in stripped copies.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.program.text import parse
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.diagnosis import diagnose
from finfuzz.triage.diagnosis import functions as module
from finfuzz.triage.findings.finding import Finding, load_all
from helpers.elf_files import strip_modules
from helpers.places import CORPUS, CRASHES

pytestmark = pytest.mark.skipif(not shutil.which("strip"), reason="no binutils")

FINDINGS = [finding for _, finding in load_all(CRASHES)]
MEMORY_MIB = Limits().memory_mib
#: The first leaves the symbols that dynamic linking needs, the second those that linking needs.
OPTIONS = ("--strip-all", "--strip-unneeded")
#: CPythons that a finding is run on, at least: an extension takes 12 s to compile for each.
TRIED = 3


def buckets(outcome: Outcome) -> list[str]:
    return [one.bucket for one in diagnose(outcome, MEMORY_MIB)]


def stripped_buckets(outcome: Outcome, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The buckets without the debug files that a distribution may have installed."""
    with monkeypatch.context() as patch:
        patch.setattr(module, "find_debug_file", lambda *_: None)
        (found,) = {
            tuple(buckets(strip_modules(outcome, folder / option, option))) for option in OPTIONS
        }
    return list(found)


def order(finding: Finding, pythons: list[Interpreter]) -> list[Interpreter]:
    """Its own CPython, then the others: each finding begins them elsewhere, so all have a turn."""
    own = [python for python in pythons if python.text == finding.target.python]
    others = [python for python in pythons if python not in own]
    first = FINDINGS.index(finding) * (TRIED - 1) % max(len(others), 1)
    return [*own, *others[first:], *others[:first]]


@pytest.mark.slow
@pytest.mark.timeout(1800)  # the extension is compiled for each CPython
@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.bucket)
def test_a_finding_has_one_bucket_stripped_or_not(
    finding: Finding,
    pythons: list[Interpreter],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crashed = 0
    for tried, python in enumerate(order(finding, pythons)):
        if crashed and tried >= TRIED:
            break
        try:
            built = build(parse_target(finding.target.spec), python)
        except UserError:  # a wheel that is not for this CPython
            continue
        outcome = run_fresh(built, parse(finding.program), Limits())
        if finding.bucket in buckets(outcome):
            crashed += 1
            stripped = stripped_buckets(outcome, tmp_path / python.text, monkeypatch)
            assert finding.bucket in stripped, python.name
    assert crashed


def test_a_crash_has_one_bucket(
    destroy: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = parse((CORPUS / "self-cycle-in-codec-registry.fin").read_text())
    outcome = run_fresh(destroy, program, Limits())
    assert outcome.died
    assert stripped_buckets(outcome, tmp_path, monkeypatch) == buckets(outcome)
