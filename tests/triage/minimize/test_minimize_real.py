"""One defect by five ways: real deaths of a real build end at one program that dies the same."""

from __future__ import annotations

import pytest

from finfuzz.executor.zygote import Executor
from finfuzz.program.model import Program
from finfuzz.triage.diagnosis import diagnose
from finfuzz.triage.minimize import minimize
from helpers.minimal_facts import program, shown

CYCLE = "node a container; edge a a append; node b dict; edge b a value; collect; "


@pytest.mark.parametrize(
    "text",
    [
        CYCLE + "root a codec",
        CYCLE + "root b interpreter-dict",
        CYCLE + "root b leak; hook a clear lookup; start i1 legacy; enter i1; import; stop i1",
        "node a frame; root a codec; node b subclass; exit sys-exit",
        "import; node a list; hook a threading-exit plain; elsewhere; collect",
    ],
)
def test_one_minimum(executor: Executor, text: str) -> None:
    python = executor.build.interpreter.version[:2]

    def fallen(candidate: Program) -> frozenset[str]:
        outcome = executor.run(candidate)
        return frozenset(one.bucket for one in diagnose(outcome, executor.limits.memory_mib))

    found = program(text)
    (bucket,) = fallen(found)
    least = minimize(found, lambda candidate: bucket in fallen(candidate), python)
    assert shown(least) == "node a instance; root a gc-garbage"
    assert fallen(least) == {bucket}
