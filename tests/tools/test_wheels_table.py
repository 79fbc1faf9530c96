"""The page of wheels, from results as `finfuzz check --json` writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

import wheels_table
from finfuzz.check.results import Check, Row
from finfuzz.check.states import STATES
from finfuzz.report.check import to_json
from finfuzz.triage.findings.rate import Rate


def row(scenario: str, state: str, **more: object) -> Row:
    return Row(scenario=scenario, title="", state=state, program="", **more)


def crash(scenario: str) -> Row:
    return row(
        scenario,
        "crashes",
        detail="SIGABRT/none, running: a | b",
        rate=Rate(3, 3),
        owner="extension",
        reason="no control dies the same",
    )


CHECKS = (
    Check(
        target="wheel:optree==0.20.0",
        python="3.13.0",
        date="2026-11-28",
        pins=("optree==0.20.0", "typing-extensions==4.16.0"),
        frameworks=("pybind11",),
        rows=(row("import-and-exit", "survived"), crash("again"), crash("left")),
    ),
    Check(
        target="stdlib:json",
        python="3.13.0",
        date="2026-11-29",
        rows=(row("import-and-exit", "survived"), row("again", "refuses", detail="ImportError")),
    ),
)

PAGE = """\
|  | package | made with | survived | refuses | crashes |
| --- | --- | --- | --- | --- | --- |
| 1 | optree 0.20.0 | pybind11 | 1 |  | 2 |
| 2 | json | C API | 1 | 1 |  |

## Every scenario

· survived, r refuses, **C** crashes.

| scenario | 1 | 2 |
| --- | --- | --- |
| `import-and-exit` | · | · |
| `again` | **C** | r |
| `left` | **C** |  |

## What went wrong

| package | scenarios | outcome |  |
| --- | --- | --- | --- |
| optree 0.20.0 | `again`, `left` | crashes | `SIGABRT/none, running: a \\| b; 3 of 3 runs; \
owner: extension (no control dies the same)` |
"""


def test_the_page_has_packages_scenarios_and_what_went_wrong() -> None:
    head, _, rest = wheels_table.render_page(CHECKS).partition("\n\n|  | package")
    assert f"|  | package{rest}" == PAGE
    assert "`finfuzz check --json`, 2026-11-29.*" in head
    assert "2 popular packages on CPython 3.13.0: 1 of them" in head


def test_every_state_has_a_mark_of_its_own() -> None:
    assert list(wheels_table.MARKS) == list(STATES)
    assert len(set(wheels_table.MARKS.values())) == len(STATES)


def test_it_reads_what_the_command_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, check in enumerate(CHECKS):
        (tmp_path / f"{number}.json").write_bytes(to_json([check]))
    page = tmp_path / "wheels.md"
    monkeypatch.setattr(wheels_table, "PAGE", page)
    files = [str(tmp_path / f"{number}.json") for number in range(2)]
    monkeypatch.setattr("sys.argv", ["wheels_table", *files])
    wheels_table.main()
    assert page.read_text(encoding="utf-8") == wheels_table.render_page(CHECKS)
