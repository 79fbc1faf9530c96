"""The table and the files made of a check."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import msgspec
from rich.console import Console

from finfuzz.check.results import Check, Row
from finfuzz.report.check import (
    describe_target,
    describe_total,
    render_table,
    to_json,
    to_junit,
    to_markdown,
)
from finfuzz.triage.findings.rate import Rate


def row(scenario: str, state: str, **more: object) -> Row:
    return Row(
        scenario=scenario, title=f"title of {scenario}", state=state, program="finfuzz 1\n", **more
    )


ROWS = (
    row("fine", "survived"),
    row("alone", "refuses", detail="ImportError: no subinterpreters"),
    row(
        "again",
        "crashes",
        detail="SIGABRT/none, running: a | b",
        rate=Rate(3, 3),
        owner="extension",
        reason="no control dies the same",
        unsupported="see the manual",
        seconds=0.25,
    ),
    row(
        "left",
        "known",
        detail="SIGABRT/fatal-python-error",
        rate=Rate(3, 3),
        owner="CPython",
        known="subinterpreters stay (gh-113433)",
    ),
)
CHECK = Check(
    target="wheel:mine==1.0",
    python="3.12.1",
    pins=("mine==1.0", "numpy==2.0"),
    frameworks=("pybind11",),
    controls=("no-extension", "stdlib:datetime"),
    rows=ROWS,
)
FINE = Check(target="stdlib:json", python="3.13.0", rows=ROWS[:2])

AGAIN = (
    "SIGABRT/none, running: a | b; 3 of 3 runs; "
    "owner: extension (no control dies the same); documented as unsupported: see the manual"
)
LEFT = (
    "SIGABRT/fatal-python-error; 3 of 3 runs; "
    "known defect of CPython: subinterpreters stay (gh-113433)"
)


def test_the_table_has_a_row_for_each_scenario() -> None:
    console = Console(width=200, highlight=False)
    with console.capture() as captured:
        console.print(render_table(CHECK))
    lines = [" ".join(line.split()) for line in captured.get().splitlines() if line.strip()]
    assert lines[0] == "scenario outcome"
    assert lines[2:] == [
        "fine survived title of fine",
        "alone refuses ImportError: no subinterpreters",
        f"again crashes {AGAIN}",
        f"left known {LEFT}",
    ]


def test_above_it_stands_what_was_checked() -> None:
    assert list(describe_target(CHECK)) == [
        "wheel:mine==1.0 on CPython 3.12.1, made with pybind11",
        "with numpy==2.0",
        "controls: no-extension, stdlib:datetime",
    ]
    assert list(describe_target(FINE)) == ["stdlib:json on CPython 3.13.0"]


def test_below_it_stand_the_counts_the_mildest_first() -> None:
    assert describe_total(CHECK) == "1 survived, 1 refuses, 1 crashes, 1 known"
    stopped = Check(target="x", python="3", rows=ROWS[:1], complete=False)
    assert describe_total(stopped) == "1 survived (interrupted: the rest was not run)"


def test_junit_fails_what_the_check_fails_for() -> None:
    document = ElementTree.fromstring(to_junit([CHECK, FINE]))
    assert [suite.get("name") for suite in document] == [
        "wheel:mine==1.0 on CPython 3.12.1",
        "stdlib:json on CPython 3.13.0",
    ]
    cases = {case.get("name"): case for case in document[0]}
    assert {name: [part.tag for part in case] for name, case in cases.items()} == {
        "fine": [],
        "alone": ["system-out"],
        "again": ["failure"],
        "left": ["skipped"],
    }
    assert cases["again"][0].get("message") == AGAIN
    assert cases["again"].get("time") == "0.25"


def test_json_has_all_that_is_known() -> None:
    document = json.loads(to_json([CHECK, FINE]))
    assert document["complete"] is True
    first = document["checks"][0]
    assert first["counts"] == {"survived": 1, "refuses": 1, "crashes": 1, "known": 1}
    assert first["rows"][2]["rate"] == {"k": 3, "n": 3}
    assert [one["scenario"] for one in first["rows"]] == ["fine", "alone", "again", "left"]


def test_markdown_has_what_did_not_survive() -> None:
    text = to_markdown([CHECK, FINE])
    assert text.splitlines()[0] == (
        "### finfuzz check: `wheel:mine==1.0` on CPython 3.12.1: **1 of 4 go wrong**"
    )
    assert "| `again`: title of again | crashes |" in text
    assert "a \\| b" in text
    assert "`fine`" not in text
    assert "on CPython 3.13.0: **all well**" in text


def test_what_was_not_tried_is_said_on_the_screen_and_in_markdown() -> None:
    """Without a recipe, "objects made, used and dropped: survived" claimed what nobody did."""
    limit = "no recipe: no object of the package was made, only its module was used"
    check = msgspec.structs.replace(FINE, limits=(limit,))
    assert limit in list(describe_target(check))
    assert f"\n{limit}\n" in to_markdown([check])


def test_data_is_neither_a_line_nor_markup() -> None:
    """An exception's text is the extension's."""
    evil = row("alone", "refuses", detail="ImportError: <img src=x>\n::error::forged")
    check = Check(target="stdlib:json", python="3.13.0", rows=(evil,))
    console = Console(width=200, highlight=False)
    with console.capture() as captured:
        console.print(render_table(check))
    assert "ImportError: <img src=x>␊::error::forged" in captured.get()
    assert "| `alone`: title of alone | refuses | `ImportError: <img src=x> ::error::forged` |" in (
        to_markdown([check])
    )
