"""Types that something holds unseen by the collector here, and not on the control."""

from __future__ import annotations

import msgspec
import pytest

from finfuzz.executor.deviation import Deviation
from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.text import parse
from finfuzz.program.vocabulary import EVERYTHING
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.oracles.compare import compare
from finfuzz.triage.oracles.held import find_held, list_all_held
from finfuzz.triage.oracles.meanings import list_meanings
from finfuzz.triage.oracles.ran import Ran
from helpers.outcome_files import SURVIVED

MEANINGS = list_meanings(
    parse("finfuzz 1\nnode a native-enum\ncensus\ncensus\n"), (3, 13), EVERYTHING
)
ONE = "finfuzz: step 2 counts Colour 1\n"
TWO = "finfuzz: step 2 counts Colour 2\n"
RAISED = "finfuzz: step 1 `node a native-enum` raised TypeError: no\n"
#: PR 5871: a native_enum's type is kept in a map of C++.
ENUM = parse("finfuzz 1\nnode a native-enum\nunimport\ncollect\ncensus\n")
#: All that the extension has, with objects of it alive.
ALL = parse("finfuzz 1\nself-check\nnode a container\nnode b metaclass\nnode c instance\ncensus\n")


def ran(stderr: str = "", **changes: object) -> Ran:
    outcome = msgspec.structs.replace(SURVIVED, stderr=stderr, step=3)
    return Ran(MEANINGS, msgspec.structs.replace(outcome, **changes), "plain-c")


def test_more_than_on_the_control() -> None:
    said = "the type Colour is kept by 2 references that the collector does not see; on plain-c by "
    (found,) = find_held(ran(TWO), ran(ONE))
    assert found == Deviation("left-alive", ("type Colour",), said + "1")
    assert [one.detail for one in find_held(ran(TWO), ran())] == [said + "none"]


def test_each_type_once() -> None:
    counted = "finfuzz: step 2 counts A 1, B 1\nfinfuzz: step 3 counts A 1, C 1\n"
    assert [one.key for one in find_held(ran(counted), ran())] == [
        ("type A",),
        ("type B",),
        ("type C",),
    ]


@pytest.mark.parametrize(
    ("own", "control"),
    [
        (ran(ONE), ran(ONE)),
        (ran(ONE), ran(TWO)),
        (ran(ONE), None),
        (ran(ONE), ran(signal="SIGSEGV")),
        (ran(ONE), ran(RAISED)),
        (ran(ONE), ran()._replace(meanings={})),
        (ran("finfuzz: step 7 counts Colour 1\n"), ran()),
    ],
)
def test_nothing_is_known_or_wrong(own: Ran, control: Ran | None) -> None:
    assert list(find_held(own, control)) == []


def test_on_a_control_all_that_is_held_counts() -> None:
    (found,) = list_all_held(ran(ONE))
    assert found.detail == "the type Colour is kept by a reference that the collector does not see"


@pytest.mark.slow
@pytest.mark.parametrize(("release", "keys"), [("3.0.1", [("type NativeColour",)]), ("3.0.2", [])])
def test_the_type_of_a_native_enum(
    release: str, keys: list[tuple[str, ...]], pythons: list[Interpreter]
) -> None:
    python = next((one for one in pythons if not one.abiflags), pythons[0])
    made = build(parse_target(f"pybind11=={release}"), python, instrumented=False)
    outcome = compare(made, ENUM, run_fresh(made, ENUM), Limits())
    assert [one.key for one in outcome.deviations] == keys


def test_the_control_holds_no_type_unseen(plain_c: Build) -> None:
    outcome = run_fresh(plain_c, ALL)
    assert (outcome.took, outcome.censuses) == ((5, 0, 0), {})
