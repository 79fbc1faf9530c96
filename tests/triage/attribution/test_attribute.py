"""A finding on real controls: those that need no further build of pybind11."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.text import parse
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter, find_interpreters
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.attribution import attribute, rules
from finfuzz.triage.attribution.attribute import attribute_finding
from finfuzz.triage.attribution.controls import Control, list_controls
from finfuzz.triage.diagnosis import diagnose
from finfuzz.triage.findings.attribution import ControlResult
from finfuzz.triage.findings.finding import TargetRecord, load
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.save import save
from finfuzz.triage.findings.verdict import Verdict
from helpers.finding_example import finding

SPEC = parse_target("pybind11==3.1.0+destroy")


def test_the_table_and_the_owner_are_written_into_the_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = next(found for found in find_interpreters() if found.includes)
    build(SPEC, python, instrumented=False)
    few = [one for one in list_controls(SPEC, python, [], []) if one.axis != "policy"]
    monkeypatch.setattr(rules, "list_controls", lambda *_: few)
    monkeypatch.setattr(rules, "list_releases", lambda _: [])
    target = msgspec.structs.replace(finding().target, python=python.text)
    folder = save(tmp_path, finding(attribution=None, target=target), {})

    pieces = list(attribute_finding(folder, SPEC, python, Limits(deadline=10), lambda _: None))

    assert pieces == [(1, 3), (2, 3), (3, 3)]
    attribution = load(folder).attribution
    assert attribution is not None
    assert [(cell.axis, cell.target, cell.verdict.what) for cell in attribution.cells] == [
        ("instrumentation", str(SPEC), "same"),
        ("extension", "no-extension", "survived"),
        ("extension", "plain-c", "survived"),
    ]
    assert (attribution.owner, attribution.pythons) == ("framework", (python.text,))


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The controls that were run, in order; none takes time, and only the other releases fail."""
    ran: list[str] = []

    def judge(control: Control, *_: object) -> ControlResult:
        ran.append(f"{control.axis} {control.spec.name}")
        same = control.axis in ("instrumentation", "release")
        verdict = Verdict("same" if same else "survived", Rate(3, 3))
        return ControlResult(control.axis, control.spec.name, control.interpreter.text, verdict)

    monkeypatch.setattr(attribute, "judge_control", judge)
    monkeypatch.setattr(rules, "find_interpreters", list)
    monkeypatch.setattr(rules, "list_releases", lambda _: ["3.1.0", "3.0.4"])
    return ran


def example(tmp_path: Path) -> tuple[Path, TargetSpec, Interpreter, Limits]:
    python = next(found for found in find_interpreters() if found.includes)
    target = msgspec.structs.replace(finding().target, python=python.text)
    folder = save(tmp_path, finding(attribution=None, target=target), {})
    return folder, SPEC, python, Limits()


def test_the_owner_is_known_before_the_other_controls_run(
    tmp_path: Path, judged: list[str]
) -> None:
    subject = example(tmp_path)
    left = []
    for _ in attribute_finding(*subject, lambda _: None):
        attribution = load(subject[0]).attribution
        left.append((attribution.owner, attribution.left) if attribution else None)
    assert judged == [
        "instrumentation pybind11==3.1.0+destroy",
        "extension no-extension",
        "extension plain-c",
        "policy pybind11==3.1.0+released",
        "policy pybind11==3.1.0+leak",
        "policy pybind11==3.1.0+hold",
        "release pybind11==3.0.4+destroy",
    ]
    assert left == [None, None, None, *(("target", number) for number in (3, 2, 1)), left[-1]]
    attribution = load(subject[0]).attribution
    assert attribution is not None
    assert attribution.left == 0
    assert attribution.release_range == "on every release tried, 3.0.4 to 3.1.0"


def test_an_attribution_that_was_interrupted_goes_on(tmp_path: Path, judged: list[str]) -> None:
    subject = example(tmp_path)
    pieces = attribute_finding(*subject, lambda _: None)
    for _ in range(5):
        next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    attribution = load(subject[0]).attribution
    assert attribution is not None
    assert (attribution.left, attribution.release_range, attribution.first_bad) == (2, "", "")
    judged.clear()
    lines: list[str] = []
    list(attribute_finding(*subject, lambda _: None, lines.append))
    assert judged == ["policy pybind11==3.1.0+hold", "release pybind11==3.0.4+destroy"]
    assert len(lines) == 2
    list(attribute_finding(*subject, lambda _: None))
    assert len(judged) == 2 + 7  # a complete one is made anew


def test_the_owner_only(tmp_path: Path, judged: list[str]) -> None:
    subject = example(tmp_path)
    steps = attribute_finding(*subject, lambda _: None, owner_only=True)
    assert list(steps) == [(number, 4) for number in range(1, 5)]
    assert len(judged) == 4


#: A class whose objects do not survive the end of the interpreter.
MODULE = """
import os, sys

class Box:
    def __del__(self):
        if sys.is_finalizing():
            os.abort()
"""
RECIPE = """
module = "mine"

[kind.box]
make = "t.Box()"

[unsupported]
words = ["module"]
why = "see there"
"""


def test_a_package_that_crashes_alone_is_the_owner(
    tmp_path: Path, plain_c: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its program is translated for the controls, which have objects of their own in its place."""
    (tmp_path / "mine.py").write_text(MODULE)
    (tmp_path / "mine.toml").write_text(RECIPE)
    spec = TargetSpec("module", path=tmp_path, package="mine", recipe=tmp_path / "mine.toml")
    program = "finfuzz 1\nnode a :box\nroot a module\n"
    limits = Limits(deadline=10)
    interpreter = plain_c.interpreter
    made = build(spec, interpreter, instrumented=False)
    (crash,) = diagnose(run_fresh(made, parse(program), limits), limits.memory_mib)
    target = TargetRecord(
        spec=spec.name,
        framework=spec.framework,
        version=None,
        policy=spec.policy,
        python=interpreter.text,
        build=made.id,
    )
    facts = {
        name: getattr(crash, name) for name in ("signal", "diagnostic", "phase", "detail", "frames")
    }
    folder = save(
        tmp_path / "crashes",
        finding(attribution=None, target=target, program=program, stack=(), **facts),
        {},
    )
    monkeypatch.setattr(rules, "find_interpreters", list)
    lines: list[str] = []

    pieces = attribute_finding(folder, spec, interpreter, limits, lambda _: None, lines.append)

    assert list(pieces) == [(1, 0), (2, 0)]  # how many there will be is not known
    assert lines == [
        f"extension: {name} on CPython {interpreter.text}: survived, 3 of 3"
        for name in ("no-extension", "plain-c")
    ]
    assert str(load(folder).attribution) == (
        "extension (high confidence): no defect like it on no-extension and plain-c, so mine is "
        "required; its documentation rules out module: see there"
    )
