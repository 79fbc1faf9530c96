"""Which findings are listed, and how each stands."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from finfuzz.support.errors import UserError
from finfuzz.triage.findings.listing import Filter, ListedFinding, list_findings
from finfuzz.triage.findings.rate import Rate
from helpers.finding_example import crashes_with, finding

LEFT = "PyInterpreterState_Delete: remaining subinterpreters"
ON_312 = msgspec.structs.replace(finding().target, python="3.12.1")

FINDINGS = (
    finding(),
    finding(
        bucket="a" * 12,
        signal="SIGSEGV",
        diagnostic="none",
        phase="running",
        attribution=None,
        reproduced=Rate(4, 10),
    ),
    finding(bucket="b" * 12, merged_into="0123456789ab"),
    finding(bucket="c" * 12, regressed="an old one"),
    finding(bucket="d" * 12, diagnostic="fatal-python-error", detail=LEFT, target=ON_312),
)


@pytest.fixture
def listed(tmp_path: Path) -> list[ListedFinding]:
    crashes = crashes_with(tmp_path, *FINDINGS)
    damaged = crashes / "SIGABRT" / "none" / ("e" * 12)
    damaged.mkdir(parents=True)
    (damaged / "finding.json").write_text("{")
    return list(list_findings(crashes))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(), "0abcde"),
        (Filter(signal="SIGSEGV"), "a"),
        (Filter(diagnostic="internals-recreated"), "0bc"),
        (Filter(owner="target"), "0bcd"),
        (Filter(owner="?"), "a"),
        (Filter(phase="finalizing"), "0bcd"),
        (Filter(phase="finalizing/dict-cleared"), "0bcd"),
        (Filter(phase="running"), "a"),
        (Filter(status="new"), "0a"),
        (Filter(status="known"), "d"),
        (Filter(status="merged"), "b"),
        (Filter(status="regressed"), "c"),
        (Filter(status="damaged"), "e"),
        (Filter(flaky=True), "a"),
        (Filter(signal="SIGABRT", status="new"), "0"),
        (Filter(signal="SIGBUS"), ""),
    ],
)
def test_filter(listed: list[ListedFinding], wanted: Filter, found: str) -> None:
    assert sorted(one.folder.name[0] for one in listed if wanted.accepts(one)) == sorted(found)


def test_a_damaged_one_says_what_is_wrong_with_it(listed: list[ListedFinding]) -> None:
    (damaged,) = (one for one in listed if one.finding is None)
    assert "finding.json is not a finding: " in damaged.problem


def test_a_damaged_list_of_known_defects_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "known.toml").write_text("[[")
    with pytest.raises(UserError, match=r"known\.toml is no list of known defects"):
        list(list_findings(tmp_path))
