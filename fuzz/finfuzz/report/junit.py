"""Write JUnit XML. Text of processes and file names may hold characters that XML can't."""

from __future__ import annotations

from collections.abc import Mapping

import junitparser

from finfuzz.support.terminal import reveal


def make_case(name: str, group: str, seconds: float) -> junitparser.TestCase:
    """Make a case that passed; ``fail``, ``skip`` and ``note`` say more."""
    return junitparser.TestCase(reveal(name), reveal(group), round(seconds, 4))


def fail(case: junitparser.TestCase, text: str, kind: str) -> None:
    """Mark a case as failed."""
    case.result = [junitparser.Failure(reveal(text), kind)]


def skip(case: junitparser.TestCase, text: str) -> None:
    """Mark a case as skipped."""
    case.result = [junitparser.Skipped(reveal(text))]


def note(case: junitparser.TestCase, text: str) -> None:
    """Add a text to a case's output."""
    before = f"{case.system_out}\n" if case.system_out else ""
    case.system_out = before + reveal(text)


def write(title: str, suites: Mapping[str, list[junitparser.TestCase]]) -> str:
    """Write a document with these suites, by name."""
    document = junitparser.JUnitXml(title)
    for name, cases in suites.items():
        suite = junitparser.TestSuite(reveal(name))
        suite.add_testcases(cases)
        document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]
    text: bytes = document.tostring()  # type: ignore[no-untyped-call]
    return text.decode()
