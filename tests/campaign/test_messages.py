"""Messages of a worker: received whole or not at all."""

from __future__ import annotations

import io
import itertools
import os
import threading

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.campaign.messages import (
    Channel,
    CorpusAddition,
    Finished,
    FromWorker,
    NewSignature,
    Progress,
    SightingCount,
    SightingCounts,
    WorkerWarning,
    ZygoteOutcome,
    send,
)
from finfuzz.executor.fresh import run_fresh
from finfuzz.program.text import parse
from finfuzz.targets.build import Build

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBER = st.integers(0, 2**40)
SECONDS = st.floats(0, 1e9)
PROGRESS = st.builds(
    Progress,
    executions=NUMBER,
    seconds=SECONDS,
    child_seconds=SECONDS,
    took=st.tuples(NUMBER, NUMBER, NUMBER),
    deaths=NUMBER,
    floor_seconds=SECONDS,
)
COUNT = st.builds(SightingCount, TEXT, st.lists(TEXT, max_size=3).map(tuple), NUMBER, TEXT)
MESSAGES = st.one_of(
    PROGRESS,
    st.builds(NewSignature, TEXT, NUMBER, SECONDS),
    st.builds(SightingCounts, st.lists(COUNT, max_size=3).map(tuple)),
    st.builds(CorpusAddition, TEXT, NUMBER, NUMBER, st.lists(TEXT, max_size=3).map(tuple)),
    st.builds(WorkerWarning, TEXT),
    st.builds(Finished, PROGRESS, TEXT),
)

PROGRAM = "finfuzz 1\nnode a container\nedge a a append\nroot a codec\n"
SIGNATURES = [NewSignature("0" * 16, 1, 0.5), NewSignature("1" * 16, 2, 0.75)]


@pytest.fixture(scope="module")
def zygote_outcome(destroy: Build) -> ZygoteOutcome:
    return ZygoteOutcome(PROGRAM, run_fresh(destroy, parse(PROGRAM)))


def sent(*messages: FromWorker) -> bytes:
    """The bytes that go over the pipe."""
    read, write = os.pipe()
    with os.fdopen(read, "rb") as file:
        for message in messages:
            send(write, message)
        os.close(write)
        return file.read()


def received(stream: bytes) -> list[FromWorker]:
    channel: Channel[FromWorker] = Channel(FromWorker)
    return list(channel.read(io.BytesIO(stream)))


@given(st.lists(MESSAGES, max_size=5))
def test_what_is_sent_is_received(messages: list[FromWorker]) -> None:
    assert received(sent(*messages)) == messages


@given(st.lists(MESSAGES, min_size=1, max_size=5), st.data())
def test_it_may_come_in_pieces(messages: list[FromWorker], data: st.DataObject) -> None:
    stream, channel = sent(*messages), Channel[FromWorker](FromWorker)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=6).map(sorted))
    pieces = [stream[a:b] for a, b in itertools.pairwise([0, *cuts, len(stream)])]
    assert [one for piece in pieces for one in channel.feed(piece)] == messages


@given(PROGRESS, PROGRESS, PROGRESS)
def test_what_workers_did_adds_up_in_any_order_of_adding(
    one: Progress, two: Progress, three: Progress
) -> None:
    left, right = (one + two) + three, one + (two + three)
    assert (left.executions, left.took, left.deaths) == (
        right.executions,
        right.took,
        right.deaths,
    )
    assert left.executions == one.executions + two.executions + three.executions


def test_a_sample_brings_all_that_is_known_of_a_death(zygote_outcome: ZygoteOutcome) -> None:
    assert zygote_outcome.outcome.signal == "SIGABRT"
    assert zygote_outcome.outcome.frames
    assert received(sent(zygote_outcome)) == [zygote_outcome]


def test_a_message_cut_off_by_its_senders_death_is_dropped() -> None:
    messages = [Progress(executions=12, seconds=0.5), *SIGNATURES]
    stream = sent(*messages)
    ends = [len(sent(*messages[:count])) for count in range(len(messages) + 1)]
    for cut in range(len(stream) + 1):
        whole = sum(end <= cut for end in ends) - 1
        assert received(stream[:cut]) == messages[:whole]


def test_one_that_is_larger_than_a_pipe_comes_whole(zygote_outcome: ZygoteOutcome) -> None:
    talkative = msgspec.structs.replace(zygote_outcome.outcome, stderr="é" * 65536)
    big = msgspec.structs.replace(zygote_outcome, outcome=talkative)
    read, write = os.pipe()
    came: list[FromWorker] = []

    def listen() -> None:
        channel: Channel[FromWorker] = Channel(FromWorker)
        with os.fdopen(read, "rb") as file:
            came.extend(channel.read(file))

    listener = threading.Thread(target=listen)
    listener.start()
    for message in (big, SIGNATURES[0]):
        send(write, message)
    os.close(write)
    listener.join()
    assert came == [big, SIGNATURES[0]]


def test_where_nobody_reads_any_more_the_sender_is_told() -> None:
    read, write = os.pipe()
    os.close(read)
    with pytest.raises(BrokenPipeError):
        send(write, SIGNATURES[0])
    os.close(write)
