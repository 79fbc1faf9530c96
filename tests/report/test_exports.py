"""What other tools read: JSON and SARIF."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from sarif_pydantic import Sarif

from finfuzz.report.json_export import ExportedFinding, to_json
from finfuzz.report.sarif import to_sarif
from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.known import load_shipped
from finfuzz.triage.findings.listing import ListedFinding
from helpers.finding_example import finding

FOLDER = Path("crashes/SIGABRT/internals-recreated/0123456789ab")
DAMAGED = ListedFinding(Path("crashes/x"), None, problem="it is damaged")


def test_json_has_the_whole_finding_and_how_it_stands() -> None:
    one, other = msgspec.json.decode(
        to_json([ListedFinding(FOLDER, finding()), DAMAGED]), type=list[ExportedFinding]
    )
    assert (one.path, one.status, one.owner, one.flaky) == (str(FOLDER), "new", "target", False)
    assert one.finding == finding()
    assert one.finding.title.startswith("pybind11 internals used after they were destroyed")
    assert (other.status, other.problem, other.finding) == ("damaged", "it is damaged", None)


@pytest.mark.parametrize(
    ("entry", "level"),
    [
        (ListedFinding(FOLDER, finding()), "error"),
        (ListedFinding(FOLDER, finding(stack=(), attribution=None)), "error"),
        (ListedFinding(FOLDER, finding(regressed="an old one")), "error"),
        (ListedFinding(FOLDER, finding(merged_into="b" * 12)), "note"),
        (ListedFinding(FOLDER, finding(), known=load_shipped()[0]), "note"),
    ],
)
def test_sarif_is_what_the_standard_says(entry: ListedFinding, level: str) -> None:
    document = json.loads(json.dumps(to_sarif([entry, DAMAGED], "1.2.3")))
    (run,) = Sarif.model_validate(document).runs
    assert (run.tool.driver.name, run.tool.driver.version) == ("finfuzz", "1.2.3")
    (result,) = document["runs"][0]["results"]
    assert result["level"] == level
    assert (
        document["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"]]["id"]
        == (result["ruleId"])
    )
    text = result["message"]["text"]  # viewers show the first line
    assert entry.finding is not None
    assert text.startswith(f"{entry.finding.title}.\npybind11==3.1.0+destroy on CPython 3.13.0")
    assert result["partialFingerprints"] == {"finfuzzBucket/v1": "0123456789ab"}


def test_each_result_points_to_its_rule() -> None:
    kinds = ["none", "hang", "none", "cast-error"]
    entries = [ListedFinding(FOLDER, finding(diagnostic=kind)) for kind in kinds]
    (run,) = to_sarif(entries, "1")["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["cast-error", "hang", "none"]
    assert [rules[result["ruleIndex"]] for result in run["results"]] == kinds


def test_nothing_is_a_document_too() -> None:
    assert Sarif.model_validate(to_sarif([], "1")).runs[0].results == []
    assert msgspec.json.decode(to_json([])) == []


def test_what_a_crash_wrote_stays_text() -> None:
    detail = 'a "quote", <script>, \x00 and \udcff'.encode("utf-8", "replace").decode()
    hostile: Finding = finding(detail=detail)
    (result,) = to_sarif([ListedFinding(FOLDER, hostile)], "1")["runs"][0]["results"]
    assert json.loads(json.dumps(result))["message"]["text"].endswith(detail)
