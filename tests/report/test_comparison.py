"""The lines and the files made of a comparison."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree

import msgspec

from finfuzz.replay.compare import Comparison, Difference
from finfuzz.replay.judge import Judgement, Result
from finfuzz.report.comparison import describe_differences, to_junit, to_markdown
from finfuzz.report.replay import Replay, to_json
from finfuzz.triage.diagnosis import Diagnosis

NEW, OLD = "no-extension on 3.15.2", "no-extension on 3.13.0"


def result(case: str, judgement: Judgement, *frames: str, why: str = "") -> Result:
    found = tuple(Diagnosis("SIGSEGV", "none", "finalizing", "", (one,)) for one in frames)
    return Result(
        case=case,
        target="no-extension",
        python="3.15.2",
        judgement=judgement,
        seen=tuple(map(str, found)),
        diagnoses=found,
        why=why,
    )


SAME = result("same", "as expected")
WORSE = Difference("fails here only", result("a|b", "failed", "f"), result("a|b", "as expected"))
MOVED = Difference(
    "fails differently", result("moved", "as expected", "f"), result("moved", "as expected", "g")
)
BETTER = Difference(
    "fails there only",
    result("better", "as expected"),
    result("better", "flaky", "f", why="as expected in 3 of 7 fresh processes"),
)
DIFFERENCES = (WORSE, MOVED, BETTER)
LABELS = ("CPython 3.15.2", "CPython 3.13.0")
COMPARISON = Comparison(
    NEW, OLD, LABELS, (SAME, *(one.here for one in DIFFERENCES)), 0, DIFFERENCES
)


def test_each_difference_is_a_line() -> None:
    """It blames the side that fails. Functions tell two crashes of one name apart."""
    assert list(describe_differences(COMPARISON)) == [
        "fails on CPython 3.15.2 only: a|b: SIGSEGV/none",
        "fails differently: moved: SIGSEGV/none in f on CPython 3.15.2 (as expected), "
        "SIGSEGV/none in g on CPython 3.13.0",
        "fails on CPython 3.13.0 only: better: SIGSEGV/none "
        "(flaky: as expected in 3 of 7 fresh processes)",
    ]


def test_what_one_side_alone_skipped_is_told() -> None:
    """A step that the older CPython lacks makes it another program (issue 21)."""
    skipped = ("line 3: interpreter kind `concurrent` needs CPython 3.14", "line 4: no more")
    there = msgspec.structs.replace(WORSE.there, skipped=skipped)
    both = msgspec.structs.replace(WORSE.here, skipped=skipped)
    told = [
        list(describe_differences(replace(COMPARISON, differences=(difference,))))
        for difference in (
            Difference(WORSE.what, WORSE.here, there),
            Difference(WORSE.what, both, there),
        )
    ]
    line = "fails on CPython 3.15.2 only: a|b: SIGSEGV/none"
    assert told == [
        [f"{line}; skipped on CPython 3.13.0: {skipped[0]} (and 1 step more)"],
        [line],
    ]


def test_junit_has_a_case_a_program_and_only_what_is_worse_fails() -> None:
    (suite,) = ElementTree.fromstring(to_junit([COMPARISON]))
    assert suite.get("name") == f"{NEW} against {OLD}"
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert list(cases) == ["same", "a|b", "moved", "better"]
    assert suite.get("failures") == "1"
    failure = cases["a|b"].find("failure")
    assert failure is not None
    assert failure.get("message") == "SIGSEGV/none"
    assert failure.get("type") == "fails on CPython 3.15.2 only"
    assert "fails differently" in (cases["moved"].findtext("system-out") or "")


def test_json_has_the_differences() -> None:
    document = json.loads(to_json(Replay((SAME,)), [COMPARISON]))
    (comparison,) = document["comparisons"]
    assert (comparison["here"], comparison["there"]) == (NEW, OLD)
    assert [one["what"] for one in comparison["differences"]] == [one.what for one in DIFFERENCES]
    assert "comparisons" not in json.loads(to_json(Replay((SAME,))))


def test_markdown_is_for_a_comment() -> None:
    text = to_markdown([COMPARISON])
    assert f"**{COMPARISON.total}**" in text
    assert COMPARISON.total.endswith("; 1 worse than expected")
    assert "| | program | CPython 3.13.0 | CPython 3.15.2 |\n" in text.replace("|  |", "| |")
    assert "| fails on CPython 3.15.2 only | `a\\|b` | survived | SIGSEGV/none |\n" in text
    assert "same" not in text


def test_data_is_neither_a_line_nor_markup() -> None:
    evil = Difference(
        "fails here only",
        result("a\n::error::b", "failed", "<img src=x>\n::error::c"),
        result("a\n::error::b", "failed", "@all"),
    )
    compared = replace(COMPARISON, differences=(evil,))
    (line,) = describe_differences(compared)
    assert line.startswith(
        "fails on CPython 3.15.2 only: a␊::error::b: SIGSEGV/none in <img src=x>␊"
    )
    *_, row = to_markdown([compared]).splitlines()
    assert row.endswith("| `SIGSEGV/none in @all` | `SIGSEGV/none in <img src=x> ::error::c` |")
