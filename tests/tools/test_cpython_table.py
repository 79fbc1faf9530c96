"""The page of what the corpus does on each CPython."""

from __future__ import annotations

from cpython_table import count_judgements, find_reason, group_differences, render_page
from finfuzz.replay.judge import Judgement, Result

ABORT = "SIGABRT/fatal-python-error"


def result(case: str, python: str, judgement: Judgement = "as expected", *seen: str) -> Result:
    return Result(case=case, target="plain-c", python=python, judgement=judgement, seen=seen)


def test_what_is_as_expected_is_counted_and_the_rest_named() -> None:
    results = [result("a", "3.14.10"), result("b", "3.14.10"), result("c", "3.14.10", "fixed")]
    assert count_judgements(results) == "2 as expected; fixed: `c` (survived)"


def test_programs_are_grouped_by_what_differs() -> None:
    results = [
        *(result(case, "3.12.1", "as expected", ABORT) for case in ("a", "b", "everywhere")),
        *(result(case, "3.14.10") for case in ("a", "b")),
        result("everywhere", "3.14.10", "as expected", ABORT),
    ]
    assert group_differences(results) == {(ABORT, ("3.12.1",)): ["a", "b"]}


def test_a_known_defect_is_the_reason_where_it_can_be() -> None:
    left = "[113433](https://github.com/python/cpython/issues/113433)"
    raises = "[113148](https://github.com/python/cpython/issues/113148)"
    survive = ["3.13.0", "3.14.10"]
    assert find_reason(ABORT, "plain-c", ["3.12.1"], survive) == left
    assert find_reason(ABORT, "plain-c", ["3.12.1", "3.13.0"], ["3.14.10"]) == raises
    assert find_reason(ABORT, "plain-c", ["3.14.10"], []) == ""


def test_the_page_has_a_row_for_each_cpython() -> None:
    page = render_page([result("a", "3.14.10"), result("a", "3.12.1", "as expected", ABORT)])
    assert "| CPython | `plain-c` |\n" in page
    assert "| 3.14.10 | 1 as expected |\n| 3.12.1 | 1 as expected |\n" in page
    assert f"| {ABORT} | 3.12.1 | `a` |" in page
