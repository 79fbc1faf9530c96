"""Where something holds."""

from __future__ import annotations

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets.condition import Condition, parse_condition
from finfuzz.targets.spec import parse_target


@pytest.mark.parametrize(
    ("text", "target", "python", "holds"),
    [
        ("pybind11>=3.0.2+destroy", "pybind11==3.0.2+destroy", "3.13.0", True),
        ("pybind11>=3.0.2+destroy", "pybind11==3.0.1+destroy", "3.13.0", False),
        ("pybind11>=3.0.2+destroy", "pybind11==3.1.0", "3.13.0", False),
        ("pybind11>=3.0.2+destroy", "plain-c", "3.13.0", False),
        ("pybind11<3.0.3", "pybind11==3.0.2+leak", "3.13.0", True),
        ("pybind11<3.0.3", "pybind11==3.0.2,3.0.4", "3.13.0", True),  # the first counts
        ("pybind11<3.0.3", "pybind11@/a/checkout", "3.13.0", False),  # newer than any release
        ("python<3.13", "plain-c", "3.12.1", True),
        ("python<3.13", "pybind11==3.1.0", "3.13.0", False),
        ("python<3.13", "pybind11==3.1.0", "3.13.0rc1", False),
        ("pybind11>=3.0.0, python>=3.12", "pybind11==3.1.0", "3.11.7", False),
        ("plain-c, python==3.12.*", "plain-c", "3.12.9", True),
        ("plain-c", "plain-c+globals", "3.12.9", True),  # without a style: all of them
        ("plain-c+globals", "plain-c+globals", "3.12.9", True),
        ("plain-c+globals", "plain-c", "3.12.9", False),
        ("plain-c+released", "plain-c", "3.12.9", True),
        ("plain-c+released", "plain-c+globals", "3.12.9", False),
        ("no-extension", "no-extension", "3.12.9", True),
        ("python<3.13.8", "plain-c", "3.13.0", True),
        ("python<3.13.8", "plain-c", "3.13.18d", False),
        ("python>=3.14", "plain-c", "3.14.10d", True),  # without a build: all of them
        ("python>=3.14+debug", "plain-c", "3.14.10d", True),
        ("python+debug", "plain-c", "3.14.10td", True),
        ("python+debug", "plain-c", "3.14.10", False),
        ("python+debug", "plain-c", "3.14.10t", False),
        ("python+free-threaded", "plain-c", "3.14.10t", True),
        ("python+free-threaded", "plain-c", "3.14.10d", False),
        ("plain-c, python>=3.14+release", "plain-c", "3.14.10", True),
        ("plain-c, python>=3.14+release", "plain-c", "3.14.10t", False),
        ("no-extension", "plain-c", "3.12.9", False),
    ],
)
def test_holds(text: str, target: str, python: str, holds: bool) -> None:
    assert parse_condition(text).holds(parse_target(target), python) is holds


def test_what_says_nothing_holds_everywhere() -> None:
    assert Condition().holds(parse_target("plain-c"), "3.9.0")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "'' is no condition: begin it with one of cython, nanobind, pybind11, no-extension"),
        ("cppyy", "'cppyy' is no condition: begin it with one of"),
        ("pybind11+keep", "unknown policy 'keep': choose released"),
        ("pybind11=>3", "can't read the versions '=>3'"),
        ("pybind11, plain-c", "one framework a line"),
        ("plain-c>=3", "plain-c has no versions"),
        ("plain-c+keep", "unknown policy 'keep': choose released, single-phase"),
        ("no-extension+leak", "no-extension has no policies"),
        ("python+destroy", "python has no build 'destroy': choose release, debug, free-threaded"),
    ],
)
def test_what_can_not_be_understood(text: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint.replace("(", r"\(").replace("+", r"\+")):
        parse_condition(text)
