"""The state of a scenario, read off outcomes: what counts first, and what is said of it."""

from __future__ import annotations

import msgspec
import pytest

from finfuzz.check.states import BAD, STATES, judge
from finfuzz.executor.frames import RawFrame
from finfuzz.executor.judged import JudgedCall
from finfuzz.executor.outcome import Outcome
from finfuzz.program.text import parse
from helpers.outcome_files import SURVIVED

GONE = "cannot import name 'Error' from 'box'"
BROKEN = f"finfuzz: step 1 `import` raised while importing ImportError: {GONE}\n"
REFUSED = "finfuzz: step 1 `import` raised while importing ImportError: no support\n"
RAISED = "finfuzz: step 2 `node a :box` raised AttributeError: no Box\n"
SILENT = "finfuzz: step 1 `import` raised RuntimeError: \n"
UNRAISABLE = "Exception ignored in: <x>\nTraceback (most recent call last):\nKeyError: 1\n"
LEAKED = "nanobind: leaked 3 instances!\n"


def outcome(**changes: object) -> Outcome:
    return msgspec.structs.replace(SURVIVED, **{"took": (1, 0, 0), **changes})


def wrong(*lines: str) -> Outcome:
    said = "".join(f"self-check: {line}\n" for line in lines)
    return outcome(wrong_answers=len(lines), stderr=said)


CRASH = outcome(
    exit_code=None,
    signal="SIGSEGV",
    phase="finalizing/modules-cleared",
    stderr=REFUSED,
    frames=(RawFrame("/x/mine.so", 16),),
)
JUDGED = JudgedCall(
    rule="api-after-finalization",
    function="PyMem_Free",
    module="mine.so",
    site=RawFrame("/x/mine.so", 32),
    phase="exited/dict-cleared",
    frames=(),
)
HANG = outcome(exit_code=None, signal="SIGKILL", timed_out=True, phase="running")


@pytest.mark.parametrize(
    ("seen", "state", "detail"),
    [
        (outcome(), "survived", ""),
        (outcome(stderr="a warning\n"), "survived", ""),
        (outcome(stderr=REFUSED), "refuses", "ImportError: no support"),
        (outcome(stderr=BROKEN), "raises", f"`import`: ImportError: {GONE}"),
        (
            outcome(stderr=REFUSED + RAISED),
            "raises",
            "`node a :box`: AttributeError: no Box",
        ),
        (outcome(stderr=SILENT), "raises", "`import`: RuntimeError"),
        (outcome(stderr=UNRAISABLE), "raises", "KeyError: 1"),
        (outcome(exit_code=3), "raises", "ended with exit code 3"),
        (outcome(stderr=LEAKED, keeps_nothing=True), "leaks", "nanobind: leaked 3 instances"),
        (
            outcome(judged=(JUDGED,), stderr=RAISED),
            "breaks a rule",
            "api-after-finalization: PyMem_Free: called by mine.so+0x20",
        ),
        (
            outcome(took=(0, 0, 0), exit_code=7, phase="running"),
            "ends early",
            "ended early, with exit code 7, in running",
        ),
        (
            outcome(stderr=REFUSED, phase="finalizing"),
            "ends early",
            "ended early, with exit code 0, in finalizing",
        ),
        (wrong("a sum: 3, should be 2"), "wrong answer", "a sum: 3, should be 2"),
        (CRASH, "crashes", "SIGSEGV/none, finalizing/modules-cleared: mine.so+0x10"),
        (HANG, "hangs", "HANG/hang, running"),
        (
            msgspec.structs.replace(HANG, interpreter="legacy"),
            "hangs",
            "HANG/hang, running in a subinterpreter (legacy)",
        ),
    ],
)
def test_the_gravest_state_counts(seen: Outcome, state: str, detail: str) -> None:
    found = judge(seen, parse("finfuzz 1\nimport\n"), 8192)
    assert (found.state, found.detail) == (state, detail)
    assert (found.diagnosis is not None) >= (found.state in BAD)


def test_what_a_program_keeps_has_not_leaked() -> None:
    program = parse("finfuzz 1\nnode a extension\nroot a leak\n")
    assert judge(outcome(stderr=LEAKED, took=(2, 0, 0)), program, 8192).state == "survived"


@pytest.mark.parametrize(
    ("way", "fine", "odd"),
    [
        ("exception", {"exit_code": 1}, {"exit_code": 0}),
        ("interrupt", {"exit_code": None, "signal": "SIGINT"}, {"exit_code": 1}),
        ("interrupt", {"exit_code": 130}, {"exit_code": 2}),
        ("os-exit", {"exit_code": 0}, {"exit_code": 1}),
    ],
)
def test_each_way_to_end_has_its_exit_code(
    way: str, fine: dict[str, object], odd: dict[str, object]
) -> None:
    program = parse(f"finfuzz 1\nexit {way}\n")
    states = [judge(outcome(**changes), program, 8192).state for changes in (fine, odd)]
    assert states == ["survived", "raises"]


def test_every_state_has_a_meaning_and_is_in_order() -> None:
    assert set(STATES) > BAD
    assert next(iter(STATES)) == "survived"
