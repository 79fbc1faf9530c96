"""The outcomes that programs state of themselves, and the builds where they hold."""

import pytest

from finfuzz.program.text import parse
from finfuzz.replay.expectations import find_expected
from finfuzz.support.errors import UserError
from finfuzz.targets.spec import parse_target

GUARD = "SIGABRT/internals-recreated"


def expected_for(line: str, target: str, python: str) -> frozenset[str]:
    program = parse(f"finfuzz 1\n# Why it is there.\n# expect: {line}\ncollect\n")
    return find_expected(program, parse_target(target), python)


@pytest.mark.parametrize(
    ("where", "target", "python", "holds"),
    [
        ("pybind11>=3.0.2+destroy", "pybind11==3.0.2+destroy", "3.13.0", True),
        ("pybind11>=3.0.2+destroy", "pybind11==3.1.0+destroy", "3.9.18", True),
        ("pybind11>=3.0.2+destroy", "pybind11==3.0.1+destroy", "3.13.0", False),
        ("pybind11>=3.0.2+destroy", "pybind11==3.1.0", "3.13.0", False),
        ("pybind11>=3.0.2+destroy", "plain-c", "3.13.0", False),
        ("pybind11+destroy", "pybind11@/a/checkout+destroy", "3.13.0", True),
        ("pybind11<3.0.3", "pybind11==3.0.2+leak", "3.13.0", True),
        ("pybind11<3.0.3", "pybind11@/a/checkout", "3.13.0", False),
        ("pybind11", "pybind11==3.1.0+hold", "3.13.0", True),
        ("python<3.13", "plain-c", "3.12.1", True),
        ("python<3.13", "pybind11==3.1.0", "3.13.0", False),
        ("pybind11>=3.0.0, python>=3.12", "pybind11==3.1.0", "3.12.1", True),
        ("pybind11>=3.0.0, python>=3.12", "pybind11==3.1.0", "3.11.7", False),
        ("plain-c, python==3.12.*", "plain-c", "3.12.9", True),
    ],
)
def test_where_it_holds(where: str, target: str, python: str, holds: bool) -> None:
    assert expected_for(f"{GUARD} on {where}", target, python) == ({GUARD} if holds else set())


def test_several_may_hold_at_once() -> None:
    program = parse(
        "finfuzz 1\n# expect: SIGABRT/none on python<3.13\nimport\n"
        "collect  # expect: HANG/hang on plain-c\n# expect: SIGSEGV/none on pybind11\n"
    )
    assert find_expected(program, parse_target("plain-c"), "3.12.0") == {
        "SIGABRT/none",
        "HANG/hang",
    }


def test_who_says_nothing_survives() -> None:
    assert (
        find_expected(parse("finfuzz 1\n# it dies\ncollect\n"), parse_target("plain-c"), "3.9")
        == set()
    )


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("SIGABRT", "write `expect: SIGNAL/diagnostic on"),
        ("SIGABRT/none", "write `expect: SIGNAL/diagnostic on"),
        ("SIGABRT/none on cppyy", "'cppyy' is no condition: begin it with one of cython"),
        ("SIGABRT/none on pybind11+keep", "unknown policy 'keep': choose released"),
        ("SIGABRT/none on pybind11=>3", "can't read the versions '=>3'"),
        ("SIGABRT/nonsense on plain-c", "no diagnostic of that name"),
        ("SIGABRT/none on pybind11, plain-c", "one framework a line"),
        (
            "SIGABRT/none on plain-c+destroy",
            "unknown policy 'destroy': choose released, single-phase",
        ),
        (
            "SIGABRT/none on python+destroy",
            "python has no build 'destroy': choose release, debug, free-threaded",
        ),
        ("SIGABRT/none on plain-c>=3", "plain-c has no versions"),
    ],
)
def test_what_can_not_be_understood_is_said(line: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        expected_for(line, "plain-c", "3.13.0")


@pytest.mark.parametrize("comment", ["Expect: SIGABRT/none", "expects: it survives"])
def test_what_was_meant_to_be_one_is_no_plain_comment(comment: str) -> None:
    with pytest.raises(UserError, match="write `expect: SIGNAL/diagnostic on"):
        find_expected(
            parse(f"finfuzz 1\n# {comment}\ncollect\n"), parse_target("plain-c"), "3.13.0"
        )
