"""A finding on real controls: those that need no further build of pybind11."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from finfuzz.executor.limits import Limits
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import find_interpreters
from finfuzz.targets.spec import parse_target
from finfuzz.triage.attribution import rules
from finfuzz.triage.attribution.attribute import attribute_finding
from finfuzz.triage.attribution.controls import list_controls
from finfuzz.triage.findings.finding import load, save
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
