"""Objects that are left at the end here, and not on the control."""

from __future__ import annotations

import msgspec
import pytest

from finfuzz.executor.deviation import Deviation
from finfuzz.executor.outcome import Outcome
from finfuzz.program.text import parse
from finfuzz.program.vocabulary import EVERYTHING
from finfuzz.triage.oracles.left import find_left, list_all_left
from finfuzz.triage.oracles.meanings import list_meanings
from finfuzz.triage.oracles.ran import Ran
from helpers.outcome_files import SURVIVED

MEANINGS = list_meanings(parse("finfuzz 1\nnode a container\n"), (3, 13), EVERYTHING)
RAISED = "finfuzz: step 1 `node a container` raised TypeError: no\n"


def make(alive: int, **changes: object) -> Outcome:
    outcome = msgspec.structs.replace(SURVIVED, alive=alive, step=1, keeps_nothing=True)
    return msgspec.structs.replace(outcome, **changes)


def ran(alive: int, **changes: object) -> Ran:
    return Ran(MEANINGS, make(alive, **changes), "plain-c")


def test_more_than_on_the_control() -> None:
    said = "2 C++ objects are left at the end, 1 on plain-c"
    expected = Deviation("left-alive", ("C++ objects",), said, "exited/dict-cleared")
    assert list(find_left(ran(2), ran(1))) == [expected]


@pytest.mark.parametrize(
    ("own", "control"),
    [
        (ran(2), ran(2)),
        (ran(2), None),
        (ran(2, keeps_nothing=False), ran(0)),
        (ran(2, signal="SIGSEGV"), ran(0)),
        (ran(2, phase="running"), ran(0)),  # `exit os-exit`
        (ran(2, stderr="nanobind: leaked 2 instances!\n"), ran(0)),  # its own report says more
        (ran(2), ran(0, signal="SIGSEGV")),
        (ran(2), ran(0, phase="running")),
        (ran(2), ran(0, stderr=RAISED)),
        (ran(2), Ran({}, make(0), "plain-c")),
    ],
)
def test_nothing_is_known_or_wrong(own: Ran, control: Ran | None) -> None:
    assert list(find_left(own, control)) == []


def test_on_a_control_all_that_is_left_counts() -> None:
    (found,) = list_all_left(ran(2))
    assert (found.key, found.detail) == (("C++ objects",), "2 C++ objects are left at the end")
    assert list(list_all_left(ran(0))) == []
