"""What triage is asked, in which order, and what becomes of it when triage dies.

Triage is played by hand here, its process does nothing but live; test_supervisor.py has the real
one.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from finfuzz.campaign.messages import (
    AddCounts,
    Answer,
    Channel,
    Compare,
    Count,
    DoDeferred,
    Sort,
    ToTriage,
    packed,
)
from finfuzz.campaign.supervisor import triage_client
from finfuzz.campaign.supervisor.triage_client import TriageClient
from finfuzz.campaign.totals import Totals

SIGNATURE, OTHER = "a" * 16, "b" * 16


class Played:
    """A desk whose triage process is a `cat`: what is asked comes back to us."""

    def __init__(self, triage: TriageClient, totals: Totals) -> None:
        self.triage, self.totals = triage, totals
        self._pipes: list[int] = []
        self._write = -1
        self._asked: Channel[ToTriage] = Channel(ToTriage)

    def start(self) -> None:
        self.triage.start()
        read, self._write = os.pipe()
        self._pipes.append(self._write)
        os.dup2(read, self.triage.pipe)  # our pipe in the place of the process's
        os.close(read)
        self._asked = Channel(ToTriage)

    def asked(self, *, soon: bool = False) -> ToTriage | None:
        """What is asked now; None where nothing is."""
        before = self.triage._asked
        self.triage.ask(soon=soon)
        return self.triage._asked if self.triage._asked is not before else None

    def answer(self, waiting: int = 0) -> None:
        os.write(self._write, packed(Answer(0, (), waiting, 0.5)))
        assert self.triage.read()

    def close(self) -> None:
        self.triage._asked = DoDeferred()  # it is not to be waited for
        self.triage.close()
        for pipe in self._pipes:
            os.close(pipe)


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Played]:
    started = subprocess.Popen

    def cat(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        del command
        return started(["cat"], **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(triage_client.subprocess, "Popen", cat)
    totals = Totals(1)
    made = Played(TriageClient(tmp_path, totals, works=True), totals)
    made.start()
    yield made
    made.close()


def seen(played: Played, signature: str, sightings: int) -> None:
    """As the supervisor does when a worker tells of it."""
    lane = played.totals.lanes[0]
    if lane.signature(signature, 7, 0.5):
        played.triage.sort(0, signature, 7, 0.5)
    counts = (Count(signature, ("sys",), sightings, "finfuzz 1\n"),)
    lane.count(counts)
    played.triage.count(0, counts)


def test_a_look_is_sorted_then_counted_and_one_thing_is_asked_at_a_time(played: Played) -> None:
    seen(played, SIGNATURE, 3)
    seen(played, SIGNATURE, 2)
    assert played.asked() == Sort(0, SIGNATURE, 7, 0.5)
    assert played.asked() is None
    assert (played.triage.unsorted, played.triage.sorting) == (1, True)
    played.answer()
    assert played.totals.lanes[0].signatures[SIGNATURE].sorted
    assert played.asked(soon=True) == AddCounts(0, (Count(SIGNATURE, ("sys",), 5, "finfuzz 1\n"),))
    assert played.totals.lanes[0].signatures[SIGNATURE].counted == 0
    played.answer()
    assert played.totals.lanes[0].signatures[SIGNATURE].counted == 5
    assert played.triage.idle
    assert played.triage.seconds == pytest.approx(1.0, abs=0.1)


def test_counting_does_not_wait_for_all_that_is_to_be_sorted(played: Played) -> None:
    seen(played, SIGNATURE, 3)
    played.asked()
    played.answer()
    seen(played, SIGNATURE, 1)
    seen(played, OTHER, 1)
    assert isinstance(played.asked(soon=True), AddCounts)
    played.answer()
    assert isinstance(played.asked(soon=True), Sort)


def test_what_was_put_off_is_done_when_nothing_else_waits(played: Played) -> None:
    seen(played, SIGNATURE, 1)
    played.asked()
    played.answer(waiting=1)
    assert isinstance(played.asked(soon=True), AddCounts)
    played.answer(waiting=1)
    assert not played.triage.idle
    assert played.asked() == DoDeferred()
    played.answer(waiting=0)
    assert played.asked() is None
    assert played.triage.idle


def test_what_was_put_off_is_left_at_ctrl_c(played: Played) -> None:
    seen(played, SIGNATURE, 1)
    for _ in range(2):
        played.asked(soon=True)
        played.answer(waiting=1)
    assert played.asked() == DoDeferred()
    assert played.triage.drop_work()
    played.start()
    assert played.asked() is None
    assert played.triage.idle


@pytest.mark.parametrize("told", [False, True], ids=["sorting", "counting"])
def test_what_triage_died_over_is_asked_again(told: bool, played: Played) -> None:
    seen(played, SIGNATURE, 4)
    asked = played.asked()
    if told:
        played.answer()
        asked = played.asked(soon=True)
        assert isinstance(asked, AddCounts)
    assert played.triage.replace() == "the triage process is gone: another one goes on"
    played.start()
    again = played.asked(soon=True)
    assert isinstance(again, Sort)  # the new one knows nothing yet
    assert again.signature == SIGNATURE
    played.answer()
    told_again = played.asked(soon=True)
    assert isinstance(told_again, AddCounts)
    assert told_again.counts == (Count(SIGNATURE, ("sys",), 4, "finfuzz 1\n"),)


def test_a_look_that_triage_dies_of_is_left_after_three_times(played: Played) -> None:
    seen(played, SIGNATURE, 1)
    for _ in range(3):
        assert isinstance(played.asked(soon=True), Sort)
        said = played.triage.replace()
        played.start()
    assert said == f"triage died 3 times of the sighting {SIGNATURE}: it is left"
    seen(played, SIGNATURE, 1)
    assert played.asked(soon=True) is None
    assert played.triage.idle
    assert played.triage.died == 3


def test_looks_beyond_those_that_are_kept_are_never_asked_about(played: Played) -> None:
    counts = (Count("further", (), 9),)
    played.totals.lanes[0].count(counts)
    played.triage.count(0, counts)
    assert played.asked(soon=True) is None
    assert played.triage.idle


def test_only_the_latest_samples_are_compared(played: Played) -> None:
    for _ in range(10):
        played.triage.compare(0, "sample")  # type: ignore[arg-type]
    asked = []
    while played.triage._samples:
        played.triage._next_tell = 0.0
        asked.append(played.triage._next(soon=False))
    assert len(asked) == 4
    assert all(isinstance(one, Compare) for one in asked)
