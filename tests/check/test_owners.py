"""Whose defect a row of a check shows: by the rule of findings, once for each defect."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from finfuzz.check import owners
from finfuzz.check.owners import add_owner, group_defects
from finfuzz.check.results import Row
from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.attribution.owner import Opinion
from finfuzz.triage.attribution.verdict import Wanted
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.findings.attribution import ControlResult
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.verdict import Verdict

DIED = Diagnosis("SIGSEGV", "none", "running", "", ("f",))
HUNG = Diagnosis("HANG", "hang", "running", "", ())


def row(name: str, diagnosis: Diagnosis | None = DIED, **changes: object) -> Row:
    facts = {"scenario": name, "title": name, "state": "crashes", "program": "finfuzz 1\n"}
    return Row(**{**facts, "diagnosis": diagnosis, **changes})  # type: ignore[arg-type]


def test_a_defect_is_asked_about_once() -> None:
    rows = [
        row("a"),
        row("b", HUNG),
        row("c"),
        row("known", owner="CPython"),
        row("fine", None, state="survived"),
        row("mild", state="raises"),
    ]
    groups = group_defects(rows)
    assert [[one.scenario for one in group] for group in groups] == [["a", "c"], ["b"]]


Announce = Callable[[str], None]


def test_all_rows_of_a_defect_get_its_owner(
    interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = build(parse_target("no-extension"), interpreter, instrumented=False)
    verdict = Verdict("same", Rate(3, 3))

    def find(
        _made: Build, wanted: Wanted, _limits: Limits, _announce: Announce, report: Callable
    ) -> Opinion:
        assert (wanted.diagnosis, wanted.rate) == (DIED, Rate(4, 10))
        for target in ("plain-c", "stdlib:json", "plain-c"):
            report(ControlResult("extension", target, "3.13.0", verdict))
        return Opinion("framework", "because", "medium", ("a note",))

    monkeypatch.setattr(owners, "find_owner_on", find)
    group = [row("a", rate=Rate(4, 10)), row("b")]
    done = add_owner(made, group, Limits(), print, lambda _: None)
    for one in done:
        assert (one.owner, one.reason, one.confidence) == ("framework", "because", "medium")
        assert (one.notes, one.controls) == (("a note",), ("plain-c", "stdlib:json"))
    assert [one.scenario for one in done] == ["a", "b"]


def test_a_control_that_can_not_be_had_leaves_the_owner_open(
    interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = build(parse_target("no-extension"), interpreter, instrumented=False)

    def find(*_: object) -> Opinion:
        raise UserError("no index")

    monkeypatch.setattr(owners, "find_owner_on", find)
    said: list[str] = []
    assert add_owner(made, [row("a")], Limits(), said.append, lambda _: None) == [row("a")]
    assert said == ["a: its owner is not known: no index"]
