"""Hooks that never ran here, and did on the control."""

from __future__ import annotations

import msgspec
import pytest

from finfuzz.executor.deviation import Deviation
from finfuzz.program.text import parse
from finfuzz.program.vocabulary import EVERYTHING
from finfuzz.triage.oracles.hooks import find_silent_hooks, list_all_silent, list_silent
from finfuzz.triage.oracles.meanings import list_meanings
from finfuzz.triage.oracles.ran import Ran
from helpers.outcome_files import SURVIVED

STEPS = "finfuzz 1\nnode a container\nhook a dealloc plain\nhook a finalize cast\n"
BUSY = list_meanings(
    parse("finfuzz 1\nnode a list\nhook a busy-thread plain\n"), (3, 13), EVERYTHING
)
MEANINGS = list_meanings(parse(STEPS), (3, 13), EVERYTHING)
RAISED = "finfuzz: step 2 `hook a dealloc plain` raised TypeError: no\n"


def ran(performed: dict[int, int], **changes: object) -> Ran:
    outcome = msgspec.structs.replace(SURVIVED, step=3, performed=performed)
    return Ran(MEANINGS, msgspec.structs.replace(outcome, **changes), "plain-c")


def test_a_hook_that_ran_on_the_control() -> None:
    said = "the action plain of a container at its dealloc was never performed; on plain-c 2 times"
    key = ("dealloc", "plain", "container")
    expected = Deviation("hook-not-run", key, said, "exited/dict-cleared")
    assert list(find_silent_hooks(ran({3: 1}), ran({2: 2, 3: 1}))) == [expected]


@pytest.mark.parametrize(
    ("own", "control"),
    [
        (ran({2: 1, 3: 1}), ran({2: 2, 3: 1})),  # how often depends on the collector
        (ran({}), ran({})),
        (ran({}), None),
        (ran({}, signal="SIGSEGV"), ran({2: 1})),
        (ran({}), ran({2: 1}, signal="SIGSEGV")),
        (ran({}, stderr=RAISED), ran({2: 1})),
        (ran({}), ran({2: 1}, phase="running")),
    ],
)
def test_nothing_is_known_or_wrong(own: Ran, control: Ran | None) -> None:
    assert list(find_silent_hooks(own, control)) == []


def test_on_a_control_all_hooks_that_never_ran_count() -> None:
    assert [one.number for one in list_silent(ran({3: 1}))] == [2]
    assert [one.key[0] for one in list_all_silent(ran({}))] == ["dealloc", "finalize"]


def test_how_far_a_busy_thread_comes_is_chance() -> None:
    assert 2 in BUSY
    assert list_silent(Ran(BUSY, msgspec.structs.replace(SURVIVED, step=2))) == []
