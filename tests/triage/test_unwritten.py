"""Findings that wait for room: one that can never be written holds up no other."""

from __future__ import annotations

from pathlib import Path

from finfuzz.triage.findings.save import NotWrittenError
from finfuzz.triage.unwritten import Unwritten
from helpers.finding_example import bare_finding


def test_one_that_can_not_be_written_holds_up_no_other(tmp_path: Path) -> None:
    (tmp_path / "SIGSEGV").write_text("a file in the place of a folder")
    unwritten = Unwritten()
    for bucket, signal in (("a" * 12, "SIGSEGV"), ("b" * 12, "SIGABRT")):
        found = bare_finding(bucket=bucket, signal=signal)
        unwritten.add(bucket, NotWrittenError("no room", found, {}))
    assert [one.bucket for one in unwritten.write(tmp_path)] == ["b" * 12]
    assert unwritten.reasons == {"a" * 12: "no room"}
