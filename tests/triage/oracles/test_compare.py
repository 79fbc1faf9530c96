"""Programs on pybind11, compared with the same programs on plain-c."""

from __future__ import annotations

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.text import parse
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.confirm import find_same
from finfuzz.triage.diagnosis import diagnose
from finfuzz.triage.oracles.compare import compare, compare_anywhere, find_control

LIMITS = Limits()
#: pybind11 issue 2101: since 3.0.2, the iterator's type is that of the first life.
TWO_LIVES = parse("finfuzz 1\nnode a iterator\nagain\nnode b iterator\n")
#: A list has no place in such a class: both raise.
BOTH_RAISE = parse("finfuzz 1\nnode a class\nnode b class\nedge a b base\nedge b a base\n")


@pytest.fixture(scope="module")
def pybind11(pythons: list[Interpreter]) -> Build:
    return build(parse_target("pybind11==3.1.0"), pythons[0])


def test_an_iterator_in_a_second_life(pybind11: Build) -> None:
    outcome = run_fresh(pybind11, TWO_LIVES)
    assert [one.number for one in outcome.raised] == [3]
    assert diagnose(outcome, LIMITS.memory_mib) == ()
    (found,) = diagnose(compare(pybind11, TWO_LIVES, outcome, LIMITS), LIMITS.memory_mib)
    assert (str(found), found.phase, found.frames[0], found.frames[2]) == (
        "NONE/raises",
        "running",
        "RuntimeError",
        "node",
    )
    assert found.detail.endswith("; on plain-c it does not")
    assert find_same(pybind11, TWO_LIVES, outcome, found, LIMITS) == found
    once = parse("finfuzz 1\nnode b iterator\n")
    assert find_same(pybind11, once, run_fresh(pybind11, once), found, LIMITS) is None


def test_what_raises_on_the_control_too_is_no_deviation(pybind11: Build) -> None:
    outcome = run_fresh(pybind11, BOTH_RAISE)
    assert [one.type for one in outcome.raised] == ["TypeError"]
    assert compare(pybind11, BOTH_RAISE, outcome, LIMITS).deviations == ()


def test_on_a_control_all_that_raises_may_be_the_defect(plain_c: Build) -> None:
    outcome = run_fresh(plain_c, BOTH_RAISE)
    assert compare(plain_c, BOTH_RAISE, outcome, LIMITS).deviations == ()
    (found,) = compare_anywhere("raises", plain_c, BOTH_RAISE, outcome, LIMITS).deviations
    assert found.key[::2] == ("TypeError", "edge")


@pytest.mark.parametrize(
    ("target", "control"),
    [
        ("pybind11==3.1.0", "plain-c"),
        ("nanobind==2.7.0", "plain-c+single-phase"),
        ("nanobind==2.12.0", "plain-c"),
        ("cython==3.1.0+single-phase", "plain-c+single-phase"),
        ("plain-c", ""),
        ("no-extension", ""),
        ("wheel:numpy==2.5.5", ""),
    ],
)
def test_the_control_of_a_target(target: str, control: str) -> None:
    assert find_control(parse_target(target)) == control
