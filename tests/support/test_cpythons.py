"""The list of CPythons: which has what, down to the patch level."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from finfuzz.support.cpythons import (
    NEWEST,
    OLDEST,
    SUPPORTED,
    Quirk,
    Version,
    format_version,
    has,
    is_fixed,
    link_issue,
    make_sort_key,
    parse_version,
    split_abiflags,
)
from helpers.places import CHILD, PACKAGE, ROOT

UNWOUND = Quirk.RETURNING_THREAD_IS_UNWOUND


@pytest.mark.parametrize(
    ("python", "quirk", "wanted", "fixed"),
    [
        ((3, 11), Quirk.FROM_CONFIG, False, False),
        ((3, 11, 99), Quirk.FROM_CONFIG, False, False),
        ((3, 12), Quirk.FROM_CONFIG, True, False),
        ((3, 12, 0), Quirk.FROM_CONFIG, True, False),
        (NEWEST, Quirk.FROM_CONFIG, True, False),
        ((3, 12, 9), Quirk.LEFT_SUBINTERPRETER_ABORTS, True, False),
        ((3, 13), Quirk.LEFT_SUBINTERPRETER_ABORTS, False, True),
        ((3, 13, 0), Quirk.LEFT_SUBINTERPRETER_ABORTS, False, True),
        (NEWEST, Quirk.LEFT_SUBINTERPRETER_ABORTS, False, True),
        # Fixed within a branch: two numbers mean its first release.
        ((3, 12, 20), UNWOUND, True, False),
        ((3, 13), UNWOUND, True, False),
        ((3, 13, 7), UNWOUND, True, False),
        ((3, 13, 8), UNWOUND, False, True),
        ((3, 13, 18), UNWOUND, False, True),
        ((3, 14), UNWOUND, False, True),
        (OLDEST, Quirk.THREADING_EXIT_RAISES, True, False),
        ((3, 13, 18), Quirk.THREADING_EXIT_RAISES, True, False),
        ((3, 14), Quirk.THREADING_EXIT_RAISES, False, True),
        (OLDEST, Quirk.THREAD_LOCAL_IN_A_CALLBACK, True, False),
        (NEWEST, Quirk.THREAD_LOCAL_IN_A_CALLBACK, True, False),
    ],
)
def test_has_and_is_fixed(python: Version, quirk: Quirk, wanted: bool, fixed: bool) -> None:
    assert has(python, quirk) is wanted
    assert is_fixed(python, quirk) is fixed


@pytest.mark.parametrize("quirk", Quirk)
def test_facts_can_be_meant(quirk: Quirk) -> None:
    facts = quirk.value
    assert facts.text
    assert OLDEST <= facts.since < NEWEST
    assert list(facts.fixed) == sorted(facts.fixed)
    assert all(first > facts.since for first in facts.fixed)
    if not re.fullmatch(r"gh-\d+", facts.issue):
        assert (ROOT / facts.issue.partition("#")[0]).exists()
    else:
        assert quirk.link == f"https://github.com/python/cpython/issues/{facts.issue[3:]}"


def test_no_quirk_is_listed_twice() -> None:
    """Members of equal facts would be one."""
    assert len(Quirk) == len(Quirk.__members__)


@pytest.mark.parametrize(
    ("subject", "address"),
    [
        (
            "gh-113055: Use pointer for interp->obmalloc state (gh-113412)",
            "https://github.com/python/cpython/issues/113055",
        ),
        ("[3.13] GH-87135: Hang (#1)", "https://github.com/python/cpython/issues/87135"),
        ("bpo-46070: Revert (GH-28499)", "https://bugs.python.org/issue46070"),
        ("Docs: add more links", ""),
    ],
)
def test_the_issue_of_a_commit(subject: str, address: str) -> None:
    assert link_issue(subject) == address


def test_versions_as_text() -> None:
    assert parse_version("3.13.0") == (3, 13, 0)
    assert parse_version("3.13") == (3, 13)
    assert [format_version(python) for python in (SUPPORTED[0], SUPPORTED[-1])] == ["3.9", "3.15"]


def versions_in(path: Path) -> list[int]:
    """Lines with a tuple such as (3, 13)."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Tuple)
        and len(node.elts) in (2, 3)
        and all(isinstance(one, ast.Constant) and type(one.value) is int for one in node.elts)
        and isinstance(node.elts[0], ast.Constant)
        and node.elts[0].value == 3
    ]


def test_no_version_is_compared_elsewhere() -> None:
    """If this fails: give the difference a name in `support/cpythons.py`, and ask by it."""
    sources = [path for path in PACKAGE.rglob("*.py") if not path.is_relative_to(CHILD)]
    found = {path.name: lines for path in sources if (lines := versions_in(path))}
    assert "cpythons.py" in found
    assert set(found) == {"cpythons.py"}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("3.13.0", ("3.13.0", "")),
        ("3.14.10d", ("3.14.10", "d")),
        ("3.14.10td", ("3.14.10", "td")),
        ("3.16.0a3t", ("3.16.0a3", "t")),
    ],
)
def test_abiflags_are_split_off(text: str, parts: tuple[str, str]) -> None:
    assert split_abiflags(text) == parts


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("3.9.18", "3.13.0"),
        ("3.13.0", "3.13.18"),
        ("3.14.0rc1", "3.14.0"),
        ("3.14.2", "3.14.10"),
        ("3.14.10", "3.14.10d"),
        ("3.14.10d", "3.15.0"),
    ],
)
def test_versions_are_sorted_as_numbers(older: str, newer: str) -> None:
    assert make_sort_key(older) < make_sort_key(newer)
