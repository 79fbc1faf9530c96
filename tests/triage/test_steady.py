"""A program that fails by its defect, and not by an accident of a heap."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.model import Program
from finfuzz.program.text import parse
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage import steady as module
from finfuzz.triage.diagnosis import Diagnosis, diagnose
from finfuzz.triage.minimize.repeated import TIMES
from finfuzz.triage.steady import prefer_steady

LIMITS = Limits(deadline=6)

#: It needs an address to be used again: on one CPython in the third interpreter, on another much
#: later. On which, and after how many lives before, changes with whatever the child allocates.
BY_LUCK = """start i2 stdlib
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


EMPTY_LIFE = "start i0 stdlib\nstop i0\n"
MOST_LIVES = 8


@pytest.fixture(scope="module")
def builds(pythons: list[Interpreter]) -> list[Build]:
    """One release for the oldest and for the newest CPython 3.13, which have the defect."""
    found = [one for one in pythons if one.version[:2] == (3, 13) and not one.abiflags]
    if len({one.version for one in found}) < 2:
        pytest.skip("needs two CPythons 3.13")
    return [build(parse_target("pybind11==3.1.0"), one) for one in (found[-1], found[0])]


def find_luck(builds: list[Build]) -> tuple[Build, Program, Diagnosis] | None:
    """Find a program that dies on one of two builds and survives on the other."""
    for lives in range(MOST_LIVES):
        program = parse(f"finfuzz 1\n{lives * EMPTY_LIFE}{BY_LUCK}")
        found = [diagnose(run_fresh(made, program, LIMITS), LIMITS.memory_mib) for made in builds]
        dying = [(made, program, one[0]) for made, one in zip(builds, found, strict=True) if one]
        if len(dying) == 1:
            return dying[0]
    return None


@pytest.mark.slow
def test_the_repeated_form_of_what_dies_by_luck(builds: list[Build]) -> None:
    luck = find_luck(builds)
    if luck is None:
        pytest.skip("with this heap each of the programs dies on both CPythons, or on neither")
    made, program, diagnosis = luck
    steady = prefer_steady(program, made, diagnosis, LIMITS, print)
    assert sum(step.op == "start" for step in steady.steps) == TIMES + 1


@pytest.mark.parametrize(
    ("dies_on_others", "expected"),
    [
        ({"short": True, "long": True}, "short"),
        ({"short": False, "long": True}, "long"),
        ({"short": False, "long": False}, "short"),  # they lack the defect
    ],
)
def test_the_repeated_form_where_only_that_dies_elsewhere(
    dies_on_others: dict[str, bool], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = parse(f"finfuzz 1\n{EMPTY_LIFE}{BY_LUCK}")

    def dies(form: Program, on: str, *_: object) -> bool:
        return on == "own" or dies_on_others["short" if form == short else "long"]

    monkeypatch.setattr(module, "_fails", dies)
    monkeypatch.setattr(module, "_build_others", lambda *_: iter(["other", "another", "third"]))
    died = Diagnosis("SIGSEGV", "none", "running", "", ("f",))
    steady = prefer_steady(short, "own", died, LIMITS, print)  # type: ignore[arg-type]
    assert ("short" if steady == short else "long") == expected


def test_a_form_that_no_child_takes_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its error cost the finding: a repeated form was repeated again, on a cluster."""
    monkeypatch.setattr(module, "_build_others", lambda *_: iter(["other"]))
    monkeypatch.setattr(module, "_fails", lambda *_: pytest.fail("it was run"))
    imports = "import\n" * 9
    lives = [f"start i{n} stdlib\nenter i{n}\n{imports}stop i{n}\n" for n in range(30)]
    program = parse("finfuzz 1\n" + "".join(lives))
    died = Diagnosis("SIGSEGV", "none", "running", "", ("f",))
    assert prefer_steady(program, "own", died, LIMITS, print) == program  # type: ignore[arg-type]


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
def test_what_dies_everywhere_stays_short(builds: list[Build]) -> None:
    """With a life that could be repeated, and is not."""
    program = parse("finfuzz 1\nstart i stdlib\nstop i\nself-check\nagain\nself-check\n")
    [diagnosis, *_] = diagnose(run_fresh(builds[0], program, LIMITS), LIMITS.memory_mib)
    assert prefer_steady(program, builds[0], diagnosis, LIMITS, print) == program


def test_what_has_no_life_to_repeat_is_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = count()
    monkeypatch.setattr("finfuzz.triage.steady.run_fresh", lambda *_: next(runs))
    program = parse("finfuzz 1\nnode a instance\nroot a gc-garbage\nstart i stdlib\n")
    assert prefer_steady(program, *[None] * 3, print) is program  # type: ignore[arg-type]
    assert next(runs) == 0
