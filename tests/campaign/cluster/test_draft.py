"""Batches of a process: their sum is what the process has counted."""

from __future__ import annotations

from random import Random

from finfuzz.campaign.cluster.draft import Draft
from finfuzz.campaign.messages import (
    Finished,
    FromWorker,
    NewSignature,
    Progress,
    SightingCount,
    SightingCounts,
    Tallies,
    WorkerWarning,
)
from finfuzz.generation.learning import Tally


def progress_of(messages: tuple[FromWorker, ...]) -> Progress:
    return next(one for one in messages if isinstance(one, Progress))


def test_batches_add_up_to_what_the_process_has_counted() -> None:
    rng, draft = Random(1), Draft()
    now, tried, total, tallied = Progress(), 0, Progress(), 0
    for _ in range(20):
        more = Progress(
            executions=rng.randrange(50), seconds=1.0, took=(1, 2, 3), deaths=2, early=3
        )
        now, tried = now + more, tried + rng.randrange(5)
        draft.add(now)
        draft.add(Tallies((Tally("mutator", "insert", tried, 0, 0, 1.25),)))
        if rng.random() < 0.5:
            messages, _ = draft.take()
            total = total + progress_of(messages)
            tallies = [one for one in messages if isinstance(one, Tallies)]
            tallied += sum(tally.tried for one in tallies for tally in one.tallies)
    messages, _ = draft.take()
    total = total + progress_of(messages)
    tallies = [one for one in messages if isinstance(one, Tallies)]
    tallied += sum(tally.tried for one in tallies for tally in one.tallies)
    assert (total, tallied) == (now, tried)
    assert draft.seconds == now.seconds


def test_sightings_of_a_route_are_summed_and_keep_their_program() -> None:
    draft = Draft()
    for text in ("finfuzz 1\n", "", ""):
        draft.add(SightingCounts((SightingCount("a", ("sys",), 2, text),)))
    messages, _ = draft.take()
    assert SightingCounts((SightingCount("a", ("sys",), 6, "finfuzz 1\n"),)) in messages
    assert not any(isinstance(one, SightingCounts) for one in draft.take()[0])


def test_a_signature_is_counted_from_the_beginning_of_its_batch() -> None:
    draft = Draft()
    draft.add(Progress(executions=100))
    draft.take()
    draft.add(NewSignature("a", 103, 50.0))
    draft.add(Progress(executions=110))
    messages, _ = draft.take()
    assert messages[0] == NewSignature("a", 3, 0.0)
    assert progress_of(messages).executions == 10


def test_a_warning_comes_once_and_the_last_message_says_why_it_ended() -> None:
    draft = Draft()
    for _ in range(3):
        draft.add(WorkerWarning("the disk is full"))
    draft.add(Finished(Progress(executions=7), "no compiler"))
    messages, _ = draft.take()
    assert [one for one in messages if isinstance(one, WorkerWarning)] == [
        WorkerWarning("the disk is full")
    ]
    assert (progress_of(messages).executions, draft.problem) == (7, "no compiler")
