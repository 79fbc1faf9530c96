"""Where a program shows what its comment cites."""

from __future__ import annotations

import pytest

from finfuzz.program.text import parse
from finfuzz.replay.shown import Shown, read_shown
from finfuzz.support.errors import UserError
from finfuzz.targets.spec import parse_target

BAD, GOOD = parse_target("pybind11==3.0.1"), parse_target("pybind11==3.0.2")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "shows: pybind11==3.0.1, not pybind11==3.0.2, on 3.12",
            Shown(BAD, GOOD, "3.12"),
        ),
        ("shows: pybind11==3.0.1, on 3.12", Shown(BAD, None, "3.12")),
        (
            "shows: SIGSEGV/none on pybind11==3.0.1, not pybind11==3.0.2, on 3.13",
            Shown(BAD, GOOD, "3.13", "SIGSEGV/none"),
        ),
        ("shows: raises on pybind11==3.0.1, on 3.13", Shown(BAD, None, "3.13", "raises")),
        (
            "shows: pybind11==3.0.1,3.0.2+destroy, on 3.13",
            Shown(parse_target("pybind11==3.0.1,3.0.2+destroy"), None, "3.13"),
        ),
    ],
)
def test_a_line(line: str, expected: Shown) -> None:
    assert read_shown(parse(f"finfuzz 1\n# Why it is there.\n# {line}\nimport\n")) == [expected]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("shows: pybind11==3.0.1", "write `shows: TARGET==BAD, not TARGET==GOOD, on 3"),
        ("show: pybind11==3.0.1, on 3.12", "write `shows: "),
        ("shows: SIGSEGV/luck on pybind11==3.0.1, on 3.12", "no diagnostic of that name"),
        ("shows: pybind12==3.0.1, on 3.12", "pybind12"),
    ],
)
def test_a_line_with_a_mistake(line: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        read_shown(parse(f"finfuzz 1\n# {line}\nimport\n"))


def test_other_comments_show_nothing() -> None:
    assert read_shown(parse("finfuzz 1\n# It shows a cycle.\nimport\n")) == []


@pytest.mark.parametrize(
    ("what", "bad", "good", "shown"),
    [
        ("", {"SIGSEGV/none"}, set(), True),
        ("", {"SIGSEGV/none"}, {"SIGSEGV/none"}, False),
        ("", {"raises"}, set(), True),
        ("", set(), {"SIGSEGV/none"}, False),
        ("raises", {"SIGSEGV/none"}, set(), False),
        ("SIGSEGV/none", {"SIGSEGV/none", "raises"}, {"raises"}, True),
    ],
)
def test_what_goes_wrong_on_the_bad_release_alone(
    what: str, bad: set[str], good: set[str], shown: bool
) -> None:
    one = Shown(BAD, GOOD, "3.12", what)
    assert one.is_shown(frozenset(bad), frozenset(good)) is shown
