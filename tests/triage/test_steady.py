"""A program that fails by its defect, and not by an accident of a heap."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.text import parse
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.diagnosis import Diagnosis, diagnose
from finfuzz.triage.minimize.repeated import TIMES
from finfuzz.triage.steady import prefer_steady

LIMITS = Limits()

#: It needs an address to be used again: on 3.13.0 in the third interpreter, on 3.13.18 much later.
BY_LUCK = """finfuzz 1
start i1 stdlib
stop i1
start i2 stdlib
enter i2
import
stop i2
start i3 stdlib
enter i3
node a dynamic
enter main
import
enter i3
node b local
"""


@pytest.fixture(scope="module")
def pybind11(pythons: list[Interpreter]) -> Build:
    wanted = [python for python in pythons if python.text == "3.13.0"]
    newer = [one for one in pythons if (3, 13, 8) <= one.version < (3, 14) and not one.abiflags]
    if not (wanted and newer):
        pytest.skip("needs CPython 3.13.0, where it dies, and one from 3.13.8, where it survives")
    return build(parse_target("pybind11==3.1.0"), wanted[0])


@pytest.mark.slow
def test_the_repeated_form_of_what_dies_by_luck(pybind11: Build) -> None:
    program = parse(BY_LUCK)
    [diagnosis] = diagnose(run_fresh(pybind11, program, LIMITS), LIMITS.memory_mib)
    steady = prefer_steady(program, pybind11, diagnosis, LIMITS, print)
    assert sum(step.op == "start" for step in steady.steps) == TIMES + 1


def test_a_module_of_one_environment_is_tried_on_no_other_cpython(
    tmp_path: Path, pythons: list[Interpreter]
) -> None:
    """Each of ten CPythons was built for and said "not run": none has the module (issue 21)."""
    (tmp_path / "mine.py").write_text("")
    own = next(one for one in pythons if one.includes)
    made = build(TargetSpec("module", path=tmp_path, package="mine"), own)
    program = parse("finfuzz 1\nimport\nagain\nimport\n")
    died = Diagnosis("SIGSEGV", "none", "running", "", ("f",))
    said: list[str] = []
    assert prefer_steady(program, made, died, LIMITS, said.append) == program
    assert said == []


@pytest.mark.slow
def test_what_dies_everywhere_stays_short(pybind11: Build) -> None:
    """With a life that could be repeated, and is not."""
    program = parse("finfuzz 1\nstart i stdlib\nstop i\nself-check\nagain\nself-check\n")
    [diagnosis, *_] = diagnose(run_fresh(pybind11, program, LIMITS), LIMITS.memory_mib)
    assert prefer_steady(program, pybind11, diagnosis, LIMITS, print) == program


def test_what_has_no_life_to_repeat_is_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = count()
    monkeypatch.setattr("finfuzz.triage.steady.run_fresh", lambda *_: next(runs))
    program = parse("finfuzz 1\nnode a instance\nroot a gc-garbage\nstart i stdlib\n")
    assert prefer_steady(program, *[None] * 3, print) is program  # type: ignore[arg-type]
    assert next(runs) == 0
