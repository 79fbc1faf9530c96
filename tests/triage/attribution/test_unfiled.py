"""The owner of what nobody has filed: the controls that tell it, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.text import parse
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.attribution.unfiled import find_owner_on
from finfuzz.triage.attribution.verdict import Wanted
from finfuzz.triage.diagnosis import diagnose
from finfuzz.triage.diagnosis.ending import diagnose_ending
from finfuzz.triage.findings.attribution import ControlResult
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.stack import read_stack, record_stack

LIMITS = Limits()
AGAIN = """import builtins, os
if hasattr(builtins, "mine_is_here"):
    {}
builtins.mine_is_here = True
"""


@pytest.mark.parametrize("body", ["os.abort()", "os._exit(3)"], ids=["crash", "early end"])
def test_a_package_that_ends_the_process(
    body: str, tmp_path: Path, pythons: list[Interpreter]
) -> None:
    (tmp_path / "mine.py").write_text(AGAIN.format(body))
    python = next(one for one in pythons if one.includes)
    made = build(TargetSpec("module", path=tmp_path, package="mine"), python, instrumented=False)
    program = parse("finfuzz 1\nimport\nunimport\nimport\ncollect\n")
    outcome = run_fresh(made, program)
    found = [*diagnose(outcome, LIMITS.memory_mib), diagnose_ending(outcome, program)]
    (diagnosis,) = filter(None, found)
    stack = record_stack(read_stack(outcome, diagnosis.diagnostic))
    wanted = Wanted.on(made, diagnosis, program, Rate(3, 3), stack)
    cells: list[ControlResult] = []
    opinion = find_owner_on(made, wanted, LIMITS, print, cells.append)
    assert (opinion.owner, opinion.confidence) == ("extension", "high")
    assert [cell.target for cell in cells] == ["no-extension", "plain-c"]


def test_a_framework_has_its_own_rule(pythons: list[Interpreter]) -> None:
    """`check` said "extension" where a finding of the same crash said whose it is (issue 21)."""
    python = next(one for one in pythons if one.includes)
    made = build(parse_target("pybind11==3.1.0+destroy"), python, instrumented=False)
    program = parse("finfuzz 1\nnode a container\nedge a a append\nroot a codec\n")
    outcome = run_fresh(made, program)
    (diagnosis,) = diagnose(outcome, LIMITS.memory_mib)
    stack = record_stack(read_stack(outcome, diagnosis.diagnostic))
    wanted = Wanted.on(made, diagnosis, program, Rate(3, 3), stack)
    cells: list[ControlResult] = []
    opinion = find_owner_on(made, wanted, LIMITS, print, cells.append)
    assert opinion.owner == "target"
    assert "survives on pybind11 as released" in opinion.reason
    assert {cell.axis for cell in cells} == {"extension", "policy"}
