"""A finding of what only a comparison shows: confirmed, minimized and scripted."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.text import parse, to_text
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.diagnosis import diagnose
from finfuzz.triage.filer import Filer, Origin, Sighting
from finfuzz.triage.findings.finding import load
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.oracles.compare import compare

LIMITS = Limits()
#: The two last steps raise on plain-c too: minimizing must not drift there.
PROGRAM = """finfuzz 1
node a iterator
node b list
again
node c container
edge c c append
node d iterator
node e class
node f class
edge e f base
edge f e base
"""
MINIMAL = "finfuzz 1\nnode a iterator\nagain\nnode b iterator\n"


@pytest.mark.slow
def test_a_step_that_raises_in_a_second_life(pythons: list[Interpreter], tmp_path: Path) -> None:
    made = build(parse_target("pybind11==3.1.0"), pythons[0])
    program = parse(PROGRAM)
    outcome = compare(made, program, run_fresh(made, program), LIMITS)
    assert [one.number for one in outcome.raised] == [6, 10]
    (diagnosis,) = diagnose(outcome, LIMITS.memory_mib)
    sighting = Sighting(to_text(program), outcome, diagnosis, 1, 0.0)
    filer = Filer(made, tmp_path, LIMITS, Origin("program", 0), print)
    try:
        folder = filer.file(sighting)
    finally:
        filer.close()
    assert folder == tmp_path / "NONE" / "raises" / diagnosis.bucket
    finding = load(folder)
    assert finding.program == MINIMAL
    assert (finding.reproduced, finding.script) == (Rate(10, 10), Rate(10, 10))
    assert finding.detail.endswith("; on plain-c it does not")
    script = (folder / "repro.py").read_text(encoding="utf-8")
    assert 'print(f"raised: {type(error).__name__}: {error}", file=sys.stderr)' in script
