"""The table and the files made of a replay."""

from __future__ import annotations

import io
import json
from xml.etree import ElementTree

import pytest
from rich.console import Console

from finfuzz.replay.judge import Judgement, Result
from finfuzz.report.replay import (
    Replay,
    describe_notable,
    describe_skipped,
    render_legend,
    render_tables,
    to_json,
    to_junit,
    to_markdown,
)
from finfuzz.support.terminal import DataConsole

OLD, NEW = "pybind11==3.0.1+destroy", "pybind11==3.1.0+destroy"
GUARD, CAST = "SIGABRT/internals-recreated", "SIGABRT/cast-error"


def result(case: str, target: str, judgement: Judgement, *seen: str, **more: object) -> Result:
    return Result(case=case, target=target, python="3.13.0", judgement=judgement, seen=seen, **more)


FINE = result("fine", OLD, "as expected"), result("fine", NEW, "as expected")
WORSE = (
    result("worse", OLD, "as expected", expected=()),
    result("worse", NEW, "regressed", GUARD, expected=(), seconds=0.25),
)
OTHER = (
    result("other", OLD, "changed", CAST, expected=(GUARD,)),
    result("other", NEW, "as expected", GUARD, expected=(GUARD,)),
)
BETTER = result("better", OLD, "fixed", expected=(GUARD,)), result("better", NEW, "new here", GUARD)
SOMETIMES = (
    result("a|b", OLD, "flaky", expected=(GUARD,), why="3 of 7 as expected"),
    result("a|b", NEW, "not runnable", why="no compiler"),
)
SKIPPED = ("line 3: there is no node `b` in `main`", "line 7: the target has no edge `member`")
IN_PART = (
    result("partly", OLD, "as expected", skipped=SKIPPED),
    result("partly", NEW, "failed", GUARD, expected=(), skipped=SKIPPED[:1]),
    result("lacks", NEW, "not comparable", why="no hook", skipped=SKIPPED),
)
REPLAY = Replay((*FINE, *WORSE, *OTHER, *BETTER, *SOMETIMES))


def printed(replay: Replay, *, all_rows: bool) -> list[str]:
    console = Console(width=100, highlight=False)
    with console.capture() as captured:
        for table in render_tables(replay, all_rows=all_rows, width=100):
            console.print(table)
        for line in render_legend(replay):
            console.print(line)
    return [" ".join(line.split()) for line in captured.get().splitlines() if line.strip()]


@pytest.mark.parametrize(("width", "heads"), [(80, 3), (140, 2), (1 << 20, 1)])
def test_builds_that_do_not_fit_beside_each_other_have_a_table_of_their_own(
    width: int, heads: int
) -> None:
    """With 24 builds and 80 columns, the programs had no name and two builds of three no letter."""
    targets = [f"pybind11==3.0.{number}" for number in range(24)]
    name = "corpus/a-long-name-of-a-program.fin"
    replay = Replay(tuple(result(name, target, "regressed") for target in targets))
    console = DataConsole(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    for table in render_tables(replay, all_rows=False, width=width):
        console.print(table)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "…" not in shown
    assert shown.count("program ") == heads
    words = shown.split()
    assert [word for word in words if word.isdigit()] == [str(n) for n in range(1, 25)]
    assert words.count("R") == 24


def test_the_table_shows_what_stands_out() -> None:
    head, rule, *rows = printed(REPLAY, all_rows=False)
    assert (head, set(rule)) == ("program 1 2", {"─"})
    assert rows == [
        "worse · R",
        "other C ·",
        "better F n",
        "a|b ~ -",
        f"1 {OLD} on CPython 3.13.0",
        f"2 {NEW} on CPython 3.13.0",
        "· as expected F fixed R regressed C changed ~ flaky n new here - not runnable",
    ]


def test_what_ran_in_part_is_marked() -> None:
    """A program that was partly ignored "survived" (issue 21)."""
    replay = Replay(IN_PART)
    _, _, *rows = printed(replay, all_rows=False)
    assert rows[0] == "partly ·* X*"
    assert rows[-1] == "· as expected X failed / not comparable * with skipped steps"
    assert replay.total == "1 as expected, 1 failed, 1 not comparable; 2 with skipped steps"
    assert list(describe_skipped(replay, False)) == [
        f"skipped: partly on {OLD}, CPython 3.13.0: {SKIPPED[0]} (and 1 step more)",
        f"skipped: partly on {NEW}, CPython 3.13.0: {SKIPPED[0]}",
    ]
    many = Replay(IN_PART * 11)
    assert list(describe_skipped(many, False)) == [
        "skipped steps: of 22 programs; --all lists them"
    ]
    assert len(list(describe_skipped(many, True))) == 22
    case = ElementTree.fromstring(to_junit(replay)).find(".//testcase[@name='partly']")
    assert case is not None
    assert case.findtext("system-out") == "\n".join(f"skipped: {line}" for line in SKIPPED)
    (first, *_) = json.loads(to_json(replay))["results"]
    assert first["skipped"] == list(SKIPPED)
    text = to_markdown(replay)
    assert "<details><summary>2 results with skipped steps</summary>" in text
    assert f"| `partly` | {NEW}, CPython 3.13.0 | `` {SKIPPED[0]} `` |\n" in text


def test_what_no_record_says_has_not_regressed() -> None:
    (line,) = describe_notable(Replay(IN_PART[1:2]))
    assert line == (
        f"failed: partly on {NEW}, CPython 3.13.0: {GUARD}, expected survival "
        "(no record that it survived there)"
    )


def test_or_all() -> None:
    assert "fine · ·" in printed(REPLAY, all_rows=True)
    assert "fine · ·" not in printed(REPLAY, all_rows=False)


def test_each_that_a_person_has_to_look_at_is_a_line() -> None:
    assert list(describe_notable(REPLAY)) == [
        f"regressed: worse on {NEW}, CPython 3.13.0: {GUARD}, expected survival",
        f"changed: other on {OLD}, CPython 3.13.0: {CAST}, expected {GUARD}",
        f"fixed: better on {OLD}, CPython 3.13.0: survived, expected {GUARD}",
        f"flaky: a|b on {OLD}, CPython 3.13.0: survived, expected {GUARD} (3 of 7 as expected)",
    ]


@pytest.mark.parametrize(
    ("results", "worse"), [(FINE, 0), (WORSE, 1), (OTHER, 1), (BETTER, 0), (SOMETIMES, 0)]
)
def test_what_fails_a_replay(results: tuple[Result, ...], worse: int) -> None:
    assert len(Replay(results).worse) == worse


def test_junit_has_a_suite_a_build_and_a_case_a_program() -> None:
    suites = list(ElementTree.fromstring(to_junit(REPLAY)))
    assert [suite.get("name") for suite in suites] == [
        f"{OLD} on CPython 3.13.0",
        f"{NEW} on CPython 3.13.0",
    ]
    old, new = ({case.get("name"): case for case in suite.iter("testcase")} for suite in suites)
    assert list(old) == list(new) == ["fine", "worse", "other", "better", "a|b"]
    failure = new["worse"].find("failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == (
        "regressed",
        f"{GUARD}, expected survival",
    )
    skipped = new["a|b"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "no compiler"
    assert [suite.get(key) for suite in suites for key in ("tests", "failures", "skipped")] == [
        *("5", "1", "0"),
        *("5", "1", "1"),
    ]


def test_json_has_it_all() -> None:
    document = json.loads(to_json(Replay(REPLAY.results, complete=False)))
    assert document["complete"] is False
    assert document["counts"]["regressed"] == 1
    assert [one["case"] for one in document["results"]] == [one.case for one in REPLAY.results]


def test_markdown_is_for_a_comment() -> None:
    assert to_markdown(Replay(FINE)) == (
        "### finfuzz replay: **nothing worse than expected**\n\n2 as expected\n"
    )
    text = to_markdown(REPLAY)
    assert text.startswith("### finfuzz replay: **2 worse than expected**\n")
    assert f"| regressed | `worse` | {NEW}, CPython 3.13.0 | {GUARD} | survival |\n" in text
    assert "| flaky | `a\\|b` |" in text
    assert "new here" not in text.partition("| --- |")[2]


def test_data_is_neither_a_line_nor_markup() -> None:
    """What a sent finding says of itself comes here: in `seen`, in a case's name."""
    seen = "SIGSEGV/none <img src=x> @all\n::error file=a::forged\n0 regressed"
    partly = {"expected": (), "skipped": ("line 1:\n::warning::b",)}
    replay = Replay((result("a\n::error::c", NEW, "regressed", seen, **partly),))
    lines = [*describe_notable(replay), *describe_skipped(replay, False)]
    assert [line.count("\n") for line in lines] == [0, 0]
    assert not [line for line in printed(replay, all_rows=True) if line.startswith("::")]
    text = to_markdown(replay)
    assert "| `SIGSEGV/none <img src=x> @all ::error file=a::forged 0 regressed` |" in text
    assert not [line for line in text.splitlines() if line.startswith("::")]
