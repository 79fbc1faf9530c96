"""What a worker tells its supervisor: msgpack frames over a pipe, each behind its length."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from fuzz.executor.outcome import Outcome

_LENGTH = struct.Struct("<I")


class Progress(msgspec.Struct, tag=True, frozen=True):
    """Sent a few times a second. ``took``: steps that had an effect, were skipped, raised."""

    executions: int
    seconds: float
    took: tuple[int, int, int]
    zygotes_replaced: int


class Sighting(msgspec.Struct, tag=True, frozen=True):
    """A program that went wrong in a way that looks new. ``look``: what the others will call it;
    its route is the look's first, 0."""

    look: int
    text: str
    outcome: Outcome
    execution: int
    seconds: float


class Elsewise(msgspec.Struct, tag=True, frozen=True):
    """The look of an earlier sighting, with objects kept alive at other places: a new route."""

    look: int
    route: int
    text: str


class Again(msgspec.Struct, tag=True, frozen=True):
    """One more that looks exactly like an earlier sighting. ``route`` is -1 where too many are
    told apart already."""

    look: int
    route: int


class Ended(msgspec.Struct, tag=True, frozen=True):
    """The worker's last word. ``problem``: why it could not go on, empty if it was its time."""

    progress: Progress
    problem: str = ""


Message = Progress | Sighting | Elsewise | Again | Ended
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Message)


def send(fd: int, message: Message) -> None:
    """Writes one message whole. Raises BrokenPipeError where nobody reads any more."""
    data = _encoder.encode(message)
    view = memoryview(_LENGTH.pack(len(data)) + data)
    while view:
        view = view[os.write(fd, view) :]


def receive(file: BinaryIO) -> Iterator[Message]:
    """Yields messages until the other side is gone; a message cut off by its death is dropped."""
    while len(head := file.read(_LENGTH.size)) == _LENGTH.size:
        (length,) = _LENGTH.unpack(head)
        data = file.read(length)
        if len(data) < length:
            return
        yield _decoder.decode(data)
