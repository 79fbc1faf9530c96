"""What triage is asked, in which order, and what becomes of it when triage dies.

Triage is played by hand here, its process does nothing but live; test_supervisor.py has the real
one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.messages import (
    AddSightings,
    Answer,
    Channel,
    CompareWithControl,
    CompareWithFresh,
    DeferredProgress,
    RetryFiling,
    RunDeferredWork,
    SightingCount,
    ToTriage,
    TriageSignature,
    ZygoteOutcome,
    encode,
)
from finfuzz.campaign.supervisor import triage_client, triage_watch
from finfuzz.campaign.supervisor.resources import count_idle_cores
from finfuzz.campaign.supervisor.triage_client import TriageClient
from finfuzz.campaign.supervisor.triage_queue import TriageQueue
from finfuzz.campaign.totals import Totals
from finfuzz.campaign.updates import ForeseeSignatures
from finfuzz.campaign.worker.signatures import FURTHER
from finfuzz.executor import process as process_module
from helpers.campaigns import wait_until
from helpers.outcome_files import SURVIVED

SIGNATURE, OTHER = "a" * 16, "b" * 16


class Played:
    """A client whose triage process is a `cat`; the test answers in its place."""

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
        before = self.triage._request
        self.triage.ask(soon=soon)
        return self.triage._request if self.triage._request is not before else None

    def answer(
        self, waiting: int = 0, unfiled: tuple[tuple[str, str], ...] = (), problem: str = ""
    ) -> None:
        made = Answer(0, (), waiting, 0.5, unfiled=unfiled, problem=problem)
        os.write(self._write, encode(made))
        assert self.triage.read()

    def close(self) -> None:
        self.triage._request = RunDeferredWork()  # it is not to be waited for
        self.triage.close()
        for pipe in self._pipes:
            os.close(pipe)


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that were to be started; a `cat` is started for each."""
    started, asked = subprocess.Popen, list[list[str]]()

    def cat(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        asked.append(command)
        return started(["cat"], **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(triage_client.subprocess, "Popen", cat)
    return asked


@pytest.fixture
def played(tmp_path: Path, commands: list[list[str]]) -> Iterator[Played]:
    del commands
    totals = Totals(1)
    made = Played(TriageClient(StatePaths(tmp_path), totals, deferred_work=True), totals)
    made.start()
    yield made
    made.close()


def seen(played: Played, signature: str, sightings: int) -> None:
    """Do what the supervisor does when a worker reports a signature."""
    lane = played.totals.lanes[0]
    if lane.add_signature(signature, 7, 0.5):
        played.triage.queue.add_signature(0, signature, 7, 0.5)
    counts = (SightingCount(signature, ("sys",), sightings, "finfuzz 1\n"),)
    lane.add_sightings(counts)
    played.triage.queue.add_sightings(0, counts)


def test_a_signature_is_triaged_then_counted_one_request_at_a_time(played: Played) -> None:
    seen(played, SIGNATURE, 3)
    seen(played, SIGNATURE, 2)
    assert played.asked() == TriageSignature(0, SIGNATURE, 7, 0.5)
    assert played.asked() is None
    assert (played.triage.untriaged, played.triage.idle) == (1, False)
    played.answer()
    assert played.totals.lanes[0].signatures[SIGNATURE].triaged
    assert played.asked(soon=True) == AddSightings(
        0, (SightingCount(SIGNATURE, ("sys",), 5, "finfuzz 1\n"),)
    )
    assert played.totals.lanes[0].signatures[SIGNATURE].recorded == 0
    played.answer()
    assert played.totals.lanes[0].signatures[SIGNATURE].recorded == 5
    assert played.triage.idle
    assert played.triage.seconds == pytest.approx(1.0, abs=0.1)


def test_counting_does_not_wait_for_all_signatures(played: Played) -> None:
    seen(played, SIGNATURE, 3)
    played.asked()
    played.answer()
    seen(played, SIGNATURE, 1)
    seen(played, OTHER, 1)
    assert isinstance(played.asked(soon=True), AddSightings)
    played.answer()
    assert isinstance(played.asked(soon=True), TriageSignature)


def test_a_problem_that_each_signature_has_is_noted_once(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[str] = []
    monkeypatch.setattr(played.totals, "add_note", notes.append)
    for signature, problem in ((SIGNATURE, "a bad known.toml"), (OTHER, "a bad known.toml")):
        seen(played, signature, 1)
        played.asked()
        played.answer(problem=problem)
    assert notes == ["a bad known.toml"]


def test_deferred_work_runs_when_nothing_else_waits(played: Played) -> None:
    seen(played, SIGNATURE, 1)
    played.asked()
    played.answer(waiting=1)
    assert isinstance(played.asked(soon=True), AddSightings)
    played.answer(waiting=1)
    assert not played.triage.idle
    assert played.asked() == RunDeferredWork()
    played.answer(waiting=0)
    assert played.asked() is None
    assert played.triage.idle


def test_deferred_work_is_dropped_at_ctrl_c(played: Played) -> None:
    seen(played, SIGNATURE, 1)
    for _ in range(2):
        played.asked(soon=True)
        played.answer(waiting=1)
    assert played.asked() == RunDeferredWork()
    assert played.triage.drop_deferred_work()
    played.start()
    assert played.asked() is None
    assert played.triage.idle


@pytest.mark.parametrize("counting", [False, True], ids=["triaging", "counting"])
def test_what_triage_died_over_is_asked_again(counting: bool, played: Played) -> None:
    seen(played, SIGNATURE, 4)
    asked = played.asked()
    if counting:
        played.answer()
        asked = played.asked(soon=True)
        assert isinstance(asked, AddSightings)
    assert played.triage.replace() == "the triage process is gone; starting another"
    played.start()
    again = played.asked(soon=True)
    assert isinstance(again, TriageSignature)  # the new one knows nothing yet
    assert again.signature == SIGNATURE
    played.answer()
    repeated = played.asked(soon=True)
    assert isinstance(repeated, AddSightings)
    assert repeated.counts == (SightingCount(SIGNATURE, ("sys",), 4, "finfuzz 1\n"),)


def test_a_signature_that_kills_triage_is_skipped_after_three_times(played: Played) -> None:
    seen(played, SIGNATURE, 1)
    for _ in range(3):
        assert isinstance(played.asked(soon=True), TriageSignature)
        line = played.triage.replace()
        played.start()
    assert line == (f"triage crashed 3 times on signature {SIGNATURE}; skipping it until --resume")
    seen(played, SIGNATURE, 1)
    assert played.asked(soon=True) is None
    assert played.triage.idle
    assert played.triage.replaced == 3
    assert (
        not played.totals.lanes[0].signatures[SIGNATURE].triaged
    )  # a resumed campaign tries again


def test_answers_in_between_do_not_make_up_for_its_deaths(played: Played) -> None:
    """Quick requests come first, every few seconds: triage died over one signature for ever."""
    seen(played, SIGNATURE, 1)
    for _ in range(3):
        played.triage.queue.add_comparison(0, ZygoteOutcome("finfuzz 1\n", SURVIVED))
        assert isinstance(played.asked(soon=True), CompareWithFresh)
        played.answer()
        assert isinstance(played.asked(soon=True), TriageSignature)
        line = played.triage.replace()
        played.start()
    assert line.startswith(f"triage crashed 3 times on signature {SIGNATURE}; skipping it")


def test_a_process_that_is_gone_without_a_request_is_replaced(played: Played) -> None:
    for _ in range(4):
        assert played.triage.replace() == "the triage process is gone; starting another"
        played.start()


def test_what_was_only_counted_is_not_triaged_by_resume(played: Played) -> None:
    """Beyond a lane's first thousand signatures none has a file: each --resume ended with 2."""
    lane = played.totals.lanes[0]
    lane.add_sightings((SightingCount(FURTHER, (), 5),))
    played.triage.queue._paths.signatures(0).mkdir(parents=True)
    played.triage.queue.add_unfinished()
    assert played.triage.idle


def test_one_on_which_triage_is_stuck_is_skipped_at_once(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen(played, SIGNATURE, 1)
    played.asked()
    assert not played.triage.kill_stuck()
    monkeypatch.setattr(triage_watch, "_IDLE_SECONDS", -1.0)
    assert played.triage.kill_stuck()
    line = played.triage.replace()
    played.start()
    assert line == f"triage was stuck on signature {SIGNATURE}; skipping it until --resume"
    assert played.asked(soon=True) is None
    assert played.triage.idle
    assert played.totals.unsorted == [f"triage was stuck on signature {SIGNATURE}"]
    assert not played.totals.lanes[0].signatures[SIGNATURE].triaged


def test_an_idle_process_is_not_stuck(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triage_watch, "_IDLE_SECONDS", -1.0)
    assert not played.triage.kill_stuck()


def test_controls_on_which_triage_is_stuck_are_left_to_attribute(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    played.triage.queue.waiting = 1
    assert played.asked() == RunDeferredWork()
    monkeypatch.setattr(triage_watch, "_IDLE_SECONDS", -1.0)
    assert played.triage.kill_stuck()
    assert played.triage.replace() == (
        "triage was stuck on controls; leaving them to `finfuzz attribute`"
    )
    played.start()
    assert played.asked() is None
    assert played.triage.idle


def test_what_is_not_filed_is_tried_again_until_it_is(played: Played) -> None:
    seen(played, SIGNATURE, 2)
    lane = played.totals.lanes[0]
    played.asked()
    played.answer(unfiled=((SIGNATURE, "no room"),))
    assert played.totals.unsorted == ["no room"]
    assert not lane.signatures[SIGNATURE].triaged  # in the journal: --resume files it
    played.triage.queue.retry_filing()  # as the supervisor does when the time is up
    asked = [played.asked(soon=True)]
    played.answer(unfiled=((SIGNATURE, "no room"),))
    asked.append(played.asked(soon=True))
    played.answer()
    assert RetryFiling(0) in asked
    assert played.totals.unsorted == []
    assert lane.signatures[SIGNATURE].triaged


def test_a_resumed_campaign_triages_what_was_not_filed(played: Played) -> None:
    lane = played.totals.lanes[0]
    lane.add_sightings((SightingCount(SIGNATURE, (), 5),))
    lane.mark_recorded((SightingCount(SIGNATURE, (), 5),))  # in a finding that was never written
    played.triage.queue._paths.signatures(0).mkdir(parents=True)
    played.triage.queue.add_unfinished()
    assert isinstance(played.asked(), TriageSignature)
    played.answer()
    assert played.asked(soon=True) == AddSightings(0, (SightingCount(SIGNATURE, (), 5),))


@pytest.mark.parametrize(
    ("code", "limit", "stuck"),
    [
        ("input()", "_IDLE_SECONDS", True),
        ("while True: pass", "_COMPUTING_SECONDS", True),
        ("import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])",
         "_COMPUTING_SECONDS", False),
        ("while True: pass", "_IDLE_SECONDS", False),
    ],
    ids=["waits for ever", "computes for ever", "waits for its child", "computes"],
)  # fmt: skip
def test_a_slow_process_is_not_stuck(
    code: str, limit: str, stuck: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is so short that two looks suffice, half a second of a core apart at least."""
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    try:
        monkeypatch.setattr(triage_watch, limit, 0.3)
        watch = triage_watch.TriageWatch()
        if limit == "_IDLE_SECONDS" and stuck:
            wait_until(lambda: watch.is_stuck(process.pid), "the watch to notice")
            return
        wait_until(lambda: sum(triage_watch.measure(process.pid)) > 0.1, "its start")
        watch.is_stuck(process.pid)
        before = sum(triage_watch.measure(process.pid))
        wait_until(lambda: sum(triage_watch.measure(process.pid)) > before + 0.5, "its work")
        assert watch.is_stuck(process.pid) == stuck
    finally:
        process_module.end_tree(process.pid)
        process.communicate()


def test_signatures_beyond_those_that_are_kept_are_never_triaged(played: Played) -> None:
    counts = (SightingCount("further", (), 9),)
    played.totals.lanes[0].add_sightings(counts)
    played.triage.queue.add_sightings(0, counts)
    assert played.asked(soon=True) is None
    assert played.triage.idle


def test_programs_of_the_corpus_are_compared_while_nothing_waits(played: Played) -> None:
    queue = played.triage.queue
    corpus = queue._paths.corpus
    corpus.mkdir(parents=True, exist_ok=True)
    for name in ("a", "b"):
        (corpus / f"{name}.fin").write_text("finfuzz 1\n")
    asked = []
    for _ in range(3):
        queue._next_control = 0.0
        asked.append(queue.take_next(soon=False))
    paths = [one.path for one in asked if isinstance(one, CompareWithControl)]
    assert sorted(paths) == [str(corpus / "a.fin"), str(corpus / "b.fin")]
    assert asked[2] is None  # each once
    (corpus / "c.fin").write_text("finfuzz 1\n")
    assert queue.take_next(soon=False) is None  # not so soon after another
    queue._next_control = 0.0
    assert queue.take_next(soon=True) is None  # the campaign is ending


def test_only_the_latest_samples_are_compared(played: Played) -> None:
    for _ in range(10):
        played.triage.queue.add_comparison(0, "sample")  # type: ignore[arg-type]
    asked = []
    while played.triage.queue._comparisons:
        played.triage.queue._next_quick = 0.0
        asked.append(played.triage.queue.take_next(soon=False))
    assert len(asked) == 4
    assert all(isinstance(one, CompareWithFresh) for one in asked)


def test_a_campaign_that_has_enough_leaves_signatures_to_resume(played: Played) -> None:
    seen(played, SIGNATURE, 3)
    assert played.asked() == TriageSignature(0, SIGNATURE, 7, 0.5)
    seen(played, OTHER, 2)
    played.triage.queue.leave_signatures()
    seen(played, "c" * 16, 1)
    seen(played, SIGNATURE, 1)
    played.answer()
    while not played.triage.idle:  # the counts of what was triaged are not left
        assert isinstance(played.asked(soon=True), AddSightings)
        played.answer()
    lane = played.totals.lanes[0]
    assert [name for name, row in lane.signatures.items() if row.triaged] == [SIGNATURE]
    assert sum(row.sightings for row in lane.signatures.values()) == 7


def test_the_progress_of_controls_is_kept_until_there_is_a_newer_one(played: Played) -> None:
    played.triage.queue.waiting = 1
    progress = DeferredProgress("0123456789ab", "controls", 7, 40, 12.5)
    assert isinstance(played.asked(), RunDeferredWork)
    os.write(played._write, encode(Answer(0, (), 1, 0.5, progress=progress)))
    assert played.triage.read()
    assert isinstance(played.asked(), RunDeferredWork)
    played.answer(waiting=1)
    assert played.triage.progress == progress


def test_nodes_of_a_cluster_begin_with_all_signatures_that_wait(played: Played) -> None:
    played.triage.queue = TriageQueue(
        StatePaths(Path()), played.totals, deferred_work=False, foresees=True
    )
    seen(played, SIGNATURE, 1)
    seen(played, OTHER, 1)
    assert played.asked() == ForeseeSignatures(0, (SIGNATURE, OTHER))
    played.answer()
    assert played.asked() == TriageSignature(0, SIGNATURE, 7, 0.5)
    third = "c" * 16
    seen(played, third, 1)
    played.triage.replace()  # the process is gone, and what it had begun with
    played.start()
    assert played.asked() == ForeseeSignatures(0, (third,))
    played.answer()
    assert played.asked() == TriageSignature(0, SIGNATURE, 7, 0.5)


@pytest.mark.parametrize(
    ("workers", "idle", "niceness"),
    [
        (1, 1.9, "19"),
        (2, 2.0, "5"),
        (1, 0.1, "5"),  # four busy loops on two cores
        (1, 1.4, "5"),
        (8, 12.0, "19"),
    ],
)
def test_triage_gives_way_beside_a_free_core_alone(
    tmp_path: Path, commands: list[list[str]], workers: int, idle: float, niceness: str
) -> None:
    """At nice 19 beside busy loops it came to no end in half an hour (issue 21)."""
    triage = TriageClient(StatePaths(tmp_path), Totals(1), deferred_work=True)
    triage.choose_niceness(workers, idle)
    triage.start()
    triage.close()
    assert commands[0][-1] == niceness


def test_idle_cores_are_counted_among_those_that_may_be_used() -> None:
    allowed = os.sched_getaffinity(0)
    assert 0 <= count_idle_cores() <= len(allowed)
