"""Report a comparison of two builds: lines for the terminal, JUnit and Markdown for other tools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import junitparser

from finfuzz.replay.compare import Comparison, Difference
from finfuzz.replay.judge import Result
from finfuzz.report import junit
from finfuzz.report.markdown import make_row, quote_code, quote_text
from finfuzz.support.terminal import reveal_line


def describe_differences(comparison: Comparison) -> Iterator[str]:
    """Yield a line for each difference: `fails on A only: PROGRAM: SIGSEGV/none`."""
    for one in comparison.differences:
        head, outcome = _describe(one, comparison)
        yield reveal_line(f"{head}: {one.here.case}: {outcome}")


def to_junit(comparisons: Sequence[Comparison]) -> str:
    """Write JUnit XML: a suite per pair of builds, a case per program. What is worse fails."""
    suites = {}
    for comparison in comparisons:
        differences = {one.here.case: one for one in comparison.differences}
        suites[f"{comparison.here} against {comparison.there}"] = [
            _make_testcase(result, differences.get(result.case), comparison)
            for result in comparison.cases
        ]
    return junit.write("finfuzz replay", suites)


def _make_testcase(
    result: Result, difference: Difference | None, comparison: Comparison
) -> junitparser.TestCase:
    case = junit.make_case(result.case, f"{result.target}.{result.python}", result.seconds)
    if difference is not None:
        head, outcome = _describe(difference, comparison)
        if difference.worse:
            junit.fail(case, outcome, head)
        else:
            junit.note(case, f"{head}: {outcome}")
    return case


def to_markdown(comparisons: Sequence[Comparison]) -> str:
    """Write a comment for a pull request: for each pair, the total and a table of differences."""
    lines = ["### finfuzz replay", ""]
    for comparison in comparisons:
        lines += [f"**{quote_text(comparison.total)}**", ""]
        if comparison.differences:
            here, there = comparison.labels
            lines += [make_row("", "program", there, here), "| --- | --- | --- | --- |"]
            lines += [
                make_row(
                    _describe(one, comparison)[0],
                    quote_code(one.here.case),
                    *reversed(_describe_sides(one)),
                )
                for one in comparison.differences
            ]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _describe(one: Difference, comparison: Comparison) -> tuple[str, str]:
    """Describe a difference: which side fails, and how."""
    (here, there), (on_here, on_there) = _describe_sides(one), comparison.labels
    skipped = _describe_skipped(one, comparison)
    if one.what == "fails there only":
        return f"fails on {on_there} only", f"{there}{skipped}"
    expected = " (as expected)" if one.here.judgement == "as expected" else ""
    if one.what == "fails here only":
        return f"fails on {on_here} only", f"{here}{expected}{skipped}"
    return "fails differently", f"{here} on {on_here}{expected}, {there} on {on_there}{skipped}"


def _describe_skipped(one: Difference, comparison: Comparison) -> str:
    """Say what one side alone skipped: then the two did not run the same program."""
    sides = zip((one.here, one.there), comparison.labels, strict=True)
    return "".join(
        f"; skipped on {label}: {result.first_skipped}"
        for result, label in sides
        if result.skipped and one.here.skipped != one.there.skipped
    )


def _describe_sides(one: Difference) -> tuple[str, str]:
    """Describe the outcome here and there; where both have one name, by their functions too."""
    by_functions = one.there.summary == one.here.summary
    return _describe_side(one.here, by_functions), _describe_side(one.there, by_functions)


def _describe_side(one: Result, by_functions: bool) -> str:
    told = [
        f"{each} in {' < '.join(each.frames)}" if by_functions and each.frames else str(each)
        for each in one.diagnoses
    ]
    flaky = f" (flaky: {one.why})" if one.judgement == "flaky" else ""
    return (", ".join(sorted(told)) or one.summary) + flaky
