"""Report a comparison of two builds: lines for the terminal, JUnit and Markdown for other tools."""

from __future__ import annotations

from collections.abc import Sequence

import junitparser

from finfuzz.replay.compare import Comparison, Difference
from finfuzz.replay.judge import Result
from finfuzz.report.markdown import make_row, quote_code


def describe(one: Difference) -> str:
    """Describe a difference in one line: `PROGRAM: outcome there → outcome here`."""
    return f"{one.here.case}: {_describe_pair(one)}"


def to_junit(comparisons: Sequence[Comparison]) -> str:
    """Write JUnit XML: a suite per pair of builds, a case per program. What is worse fails."""
    document = junitparser.JUnitXml("finfuzz replay")
    for comparison in comparisons:
        suite = junitparser.TestSuite(f"{comparison.here} against {comparison.there}")
        differences = {one.here.case: one for one in comparison.differences}
        for result in comparison.cases:
            suite.add_testcase(_make_testcase(result, differences.get(result.case)))
        document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]
    text: bytes = document.tostring()  # type: ignore[no-untyped-call]
    return text.decode()


def _make_testcase(result: Result, difference: Difference | None) -> junitparser.TestCase:
    name = f"{result.target}.{result.python}"
    case = junitparser.TestCase(result.case, name, round(result.seconds, 4))
    if difference is not None and difference.worse:
        case.result = [junitparser.Failure(_describe_pair(difference), difference.what)]
    elif difference is not None:
        case.system_out = f"{difference.what}: {_describe_pair(difference)}"
    return case


def to_markdown(comparisons: Sequence[Comparison]) -> str:
    """Write a comment for a pull request: for each pair, the total and a table of differences."""
    lines = ["### finfuzz replay", ""]
    for comparison in comparisons:
        lines += [f"{comparison.total}, **{len(comparison.worse)} worse than expected**", ""]
        if comparison.differences:
            lines += ["| | program | there | here |", "| --- | --- | --- | --- |"]
            lines += [
                make_row(one.what, quote_code(one.here.case), *_describe_sides(one))
                for one in comparison.differences
            ]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _describe_pair(one: Difference) -> str:
    return " → ".join(_describe_sides(one))


def _describe_sides(one: Difference) -> tuple[str, str]:
    """Describe the outcome there and here; where both have one name, by their functions too."""
    by_functions = one.there.summary == one.here.summary
    return _describe_side(one.there, by_functions), _describe_side(one.here, by_functions)


def _describe_side(one: Result, by_functions: bool) -> str:
    told = [
        f"{each} in {' < '.join(each.frames)}" if by_functions and each.frames else str(each)
        for each in one.diagnoses
    ]
    flaky = f" (flaky: {one.why})" if one.judgement == "flaky" else ""
    return (", ".join(sorted(told)) or one.summary) + flaky
