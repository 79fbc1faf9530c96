"""What a worker tells its supervisor, whole or not at all."""

from __future__ import annotations

import io
import os
import threading

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.campaign.messages import (
    Again,
    Elsewise,
    Ended,
    Message,
    Progress,
    Sighting,
    receive,
    send,
)
from fuzz.executor.fresh import run_fresh
from fuzz.target.build import Build

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBER = st.integers(0, 2**63 - 1)
PROGRESS = st.builds(Progress, NUMBER, st.floats(0, 1e9), st.tuples(NUMBER, NUMBER, NUMBER), NUMBER)
MESSAGES = st.one_of(
    PROGRESS,
    st.builds(Again, NUMBER, st.integers(-1, 99)),
    st.builds(Elsewise, NUMBER, NUMBER, TEXT),
    st.builds(Ended, PROGRESS, TEXT),
)

PROGRAM = "finfuzz 1\nnode a container\nedge a a append\nroot a codec\n"


@pytest.fixture(scope="module")
def sighting(destroy: Build) -> Sighting:
    return Sighting(0, PROGRAM, run_fresh(destroy, PROGRAM), 7, 0.25)


def sent(*messages: Message) -> bytes:
    """The bytes that go over the pipe."""
    read, write = os.pipe()
    with os.fdopen(read, "rb") as file:
        for message in messages:
            send(write, message)
        os.close(write)
        return file.read()


def received(stream: bytes) -> list[Message]:
    return list(receive(io.BytesIO(stream)))


@given(st.lists(MESSAGES, max_size=5))
def test_what_is_sent_is_received(messages: list[Message]) -> None:
    assert received(sent(*messages)) == messages


def test_a_sighting_brings_all_that_is_known_of_a_death(sighting: Sighting) -> None:
    assert sighting.outcome.signal == "SIGABRT"
    assert sighting.outcome.frames
    assert received(sent(sighting)) == [sighting]


def test_a_message_cut_off_by_its_senders_death_is_dropped() -> None:
    messages = [Progress(12, 0.5, (30, 2, 1), 0), Again(0, 0), Again(1, 0)]
    stream = sent(*messages)
    ends = [len(sent(*messages[:count])) for count in range(len(messages) + 1)]
    for cut in range(len(stream) + 1):
        whole = sum(end <= cut for end in ends) - 1
        assert received(stream[:cut]) == messages[:whole]


def test_one_that_is_larger_than_a_pipe_comes_whole(sighting: Sighting) -> None:
    talkative = msgspec.structs.replace(sighting.outcome, stderr="é" * 65536)
    big = msgspec.structs.replace(sighting, outcome=talkative)
    read, write = os.pipe()
    came: list[Message] = []

    def listen() -> None:
        with os.fdopen(read, "rb") as file:
            came.extend(receive(file))

    listener = threading.Thread(target=listen)
    listener.start()
    for message in (big, Again(3, 0)):
        send(write, message)
    os.close(write)
    listener.join()
    assert came == [big, Again(3, 0)]


def test_where_nobody_reads_any_more_the_sender_is_told() -> None:
    read, write = os.pipe()
    os.close(read)
    with pytest.raises(BrokenPipeError):
        send(write, Again(0, 0))
    os.close(write)
