"""The key that deaths of one defect share."""

from __future__ import annotations

import itertools
import re

import msgspec
import pytest

from finfuzz.executor.phases import PROGRESS
from finfuzz.triage.diagnosis import telling
from finfuzz.triage.diagnosis.bucket import FOREIGN, coarsen_phase, find_route
from finfuzz.triage.diagnosis.diagnosis import DIAGNOSTICS, Diagnosis
from finfuzz.triage.diagnosis.messages import Message
from finfuzz.triage.diagnosis.symbols import Frame


def diagnosis(**changes: object) -> Diagnosis:
    facts = ("SIGABRT", "none", "finalizing", "what it said", ("one", "two"))
    return msgspec.structs.replace(Diagnosis(*facts), **changes)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"phase": "stopping"}, True),  # a subinterpreter's end and the last one's: two routes
        ({"phase": "finalizing/dict-cleared"}, True),
        ({"phase": "stopping/modules-cleared"}, True),
        ({"phase": "finalizing/types-finalized"}, True),
        ({"phase": "running"}, False),
        ({"phase": "exited"}, False),
        ({"detail": "something else"}, True),  # it may hold an address or a name of the program's
        ({"signal": "SIGSEGV"}, False),
        ({"diagnostic": "cast-error"}, False),
        ({"frames": ("two", "one")}, False),
        ({"frames": ("one",)}, False),
        ({"frames": ()}, False),
        ({"stack": ("three",)}, True),
        ({"route": ("three",)}, True),
        ({"fault": "SEGV_MAPERR at 0x18, near null"}, True),
        ({"interpreter": "isolated"}, True),
    ],
)
def test_what_makes_another_bucket(changes: dict[str, object], same: bool) -> None:
    assert (diagnosis(**changes).bucket == diagnosis().bucket) is same


@pytest.mark.parametrize("diagnostic", DIAGNOSTICS)
def test_the_signal_counts_but_where_it_is_chance(diagnostic: str) -> None:
    aborted = diagnosis(diagnostic=diagnostic)
    crashed = diagnosis(diagnostic=diagnostic, signal="SIGSEGV")
    chance = (
        *("internals-recreated", "internals-recreated-silently"),
        *("heap-corruption", "foreign-internals"),
    )
    assert (aborted.bucket == crashed.bucket) is (diagnostic in chance)


@pytest.mark.parametrize(
    ("phase", "coarser"),
    [
        ("running", "running"),
        ("running/modules-cleared", "running"),
        ("stopping/dict-cleared", "ending"),
        ("finalizing/types-finalized", "ending"),
        ("exited/static-destructors", "exited"),
        ("an unknown phase", "an unknown phase"),
    ],
)
def test_coarse(phase: str, coarser: str) -> None:
    assert coarsen_phase(phase) == diagnosis(phase=phase).coarse_phase == coarser


def test_no_two_diagnostics_or_phases_share_a_bucket_but_those_that_end() -> None:
    buckets = {
        (diagnosis(diagnostic=word, phase=phase).bucket, (word, coarsen_phase(phase)))
        for word, phase in itertools.product(DIAGNOSTICS, PROGRESS)
        if word != FOREIGN
    }
    assert len(buckets) == len({bucket for bucket, _ in buckets}) == (len(DIAGNOSTICS) - 1) * 3


def test_when_a_framework_meets_the_internals_of_another_interpreter_is_chance() -> None:
    assert len({diagnosis(diagnostic=FOREIGN, phase=phase).bucket for phase in PROGRESS}) == 1


def test_a_bucket_is_twelve_hex_digits() -> None:
    assert re.fullmatch(r"[0-9a-f]{12}", diagnosis().bucket)


def test_a_finding_with_the_same_telling_frames_keeps_its_bucket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A new list of telling frames changes the buckets of those whose frames it changes."""
    before = diagnosis().bucket
    monkeypatch.setattr(telling, "VERSION", telling.VERSION + 1)
    assert diagnosis().bucket == before == "81fb3dc10f0c"


def test_a_diagnosis_reads_as_the_folder_it_goes_to() -> None:
    assert str(diagnosis()) == "SIGABRT/none"


@pytest.mark.parametrize(
    ("diagnostic", "detail", "frames"),
    [
        ("none", "a.py:1 in f", ("a", "b", "c")),
        ("uncaught-cxx-exception", "a: what it said", ("a", "b", "c")),
        # what the message names comes first, unless the stack begins with it
        ("fatal-python-error", "take_gil: no gil", ("take_gil", "a", "b")),
        ("fatal-python-error", "a: no gil", ("a", "b", "c")),
        ("fatal-python-error", "no function here", ("no function here", "a", "b")),
        ("assertion-failure", "f: Assertion `x' failed.", ("f", "a", "b")),
        ("pymalloc-check", "bad ID: Allocated using API 'o'", ("bad ID", "a", "b")),
        ("address-sanitizer", "double-free", ("double-free", "a", "b")),
        ("thread-sanitizer", "data race: Read of size 4", ("data race", "a", "b")),
        ("undefined-behaviour", "a.cpp:5: overflow", ("a.cpp:5", "a", "b")),
    ],
)
def test_route(diagnostic: str, detail: str, frames: tuple[str, ...]) -> None:
    stack = [Frame("libother.so", 1, name) for name in ("a", "b", "c", "d")]
    assert find_route(Message(diagnostic, detail), stack) == frames
