"""What the processes of a campaign tell one another: msgpack frames over pipes, each behind its
length.

A worker speaks to the supervisor; the supervisor asks triage, and triage answers.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO, Generic, TypeVar

import msgspec

from finfuzz.executor.outcome import Outcome
from finfuzz.generation.learning import Tally

_LENGTH = struct.Struct("<I")


class Progress(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """A worker's counts since it began; sent a few times a second.

    ``took``: steps that had an effect, were skipped, raised. ``touched``: executions that ran code
    of the extension. ``unstable``: counters that come and go. ``floor_seconds`` of a bare child,
    0 while it is not known.
    """

    executions: int = 0
    seconds: float = 0.0
    child_seconds: float = 0.0
    mutation_seconds: float = 0.0
    took: tuple[int, int, int] = (0, 0, 0)
    touched: int = 0
    deaths: int = 0
    zygotes_replaced: int = 0
    unstable: int = 0
    floor_seconds: float = 0.0

    def __add__(self, later: Progress) -> Progress:
        """What two workers did; of what is no count, the later one's."""
        effective, skipped, raised = (a + b for a, b in zip(self.took, later.took, strict=True))
        return Progress(
            executions=self.executions + later.executions,
            seconds=self.seconds + later.seconds,
            child_seconds=self.child_seconds + later.child_seconds,
            mutation_seconds=self.mutation_seconds + later.mutation_seconds,
            took=(effective, skipped, raised),
            touched=self.touched + later.touched,
            deaths=self.deaths + later.deaths,
            zygotes_replaced=self.zygotes_replaced + later.zygotes_replaced,
            unstable=max(self.unstable, later.unstable),
            floor_seconds=later.floor_seconds or self.floor_seconds,
        )


class NewSignature(msgspec.Struct, tag=True, frozen=True):
    """A program went wrong in a way that this worker has not seen: its file is in the lane's
    folder of sightings."""

    signature: str
    execution: int
    seconds: float


class Count(msgspec.Struct, frozen=True):
    """So many programs went wrong in one look, with objects kept alive at these roots. ``text``:
    the first of them, where the worker has not told of that route yet."""

    signature: str
    roots: tuple[str, ...]
    sightings: int
    text: str = ""


class Counts(msgspec.Struct, tag=True, frozen=True):
    """Since the last ones."""

    counts: tuple[Count, ...]


class Kept(msgspec.Struct, tag=True, frozen=True):
    """A program with so many features that this worker had not met is in the corpus now."""

    name: str
    execution: int
    features: int
    mutators: tuple[str, ...]


class Tallies(msgspec.Struct, tag=True, frozen=True):
    """What the worker's mutators, operations and words brought since it began."""

    tallies: tuple[Tally, ...]


class Sample(msgspec.Struct, tag=True, frozen=True):
    """A program and what became of it in a zygote's child, to be compared with a fresh process."""

    text: str
    outcome: Outcome


class Trouble(msgspec.Struct, tag=True, frozen=True):
    """Something went wrong that the worker goes on after."""

    line: str


class Ended(msgspec.Struct, tag=True, frozen=True):
    """The worker's last word. ``problem``: why it could not go on, empty if it was its time."""

    progress: Progress
    problem: str = ""


FromWorker = Progress | NewSignature | Counts | Kept | Tallies | Sample | Trouble | Ended


class Sort(msgspec.Struct, tag=True, frozen=True):
    """Say what the first program of a look is, and file it if nothing like it is. It was the
    ``execution``-th of the campaign, after so many ``seconds``."""

    lane: int
    signature: str
    execution: int
    seconds: float


class AddCounts(msgspec.Struct, tag=True, frozen=True):
    """Count these sightings, of looks that were sorted."""

    lane: int
    counts: tuple[Count, ...]


class Compare(msgspec.Struct, tag=True, frozen=True):
    """Run a sample in a fresh process."""

    lane: int
    sample: Sample


class Deferred(msgspec.Struct, tag=True, frozen=True):
    """A finding of this campaign, filed before triage was last started: put off what it lacks."""

    lane: int
    path: str


class DoDeferred(msgspec.Struct, tag=True, frozen=True):
    """Do a piece of what was put off."""


class Bucket(msgspec.Struct, frozen=True):
    """What triage says of a bucket. ``state``: filed, known or unconfirmed; ``title``: of a known
    defect. ``sightings`` since the last time; ``path``: its folder, empty where there is none."""

    bucket: str
    signal: str
    diagnostic: str
    state: str
    title: str
    path: str
    new: bool
    execution: int
    seconds: float
    sightings: int


class Answer(msgspec.Struct, tag=True, frozen=True):
    """A request is done. ``waiting``: findings that something was put off of. ``agreed``: what a
    comparison said. ``seconds`` it took."""

    lane: int
    buckets: tuple[Bucket, ...]
    waiting: int
    seconds: float
    agreed: bool | None = None
    problem: str = ""


class Notice(msgspec.Struct, tag=True, frozen=True):
    """A line for the person who watches."""

    line: str


ToTriage = Sort | AddCounts | Compare | Deferred | DoDeferred
FromTriage = Answer | Notice
M = TypeVar("M")


class Channel(Generic[M]):
    """Reads messages of one kind, out of bytes as they come."""

    def __init__(self, kind: Any) -> None:
        self._decoder: msgspec.msgpack.Decoder[M] = msgspec.msgpack.Decoder(kind)
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[M]:
        """Yields the messages that are whole by now; what is cut off waits for its rest."""
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if len(self._buffer) < _LENGTH.size + length:
                return
            message = bytes(self._buffer[_LENGTH.size : _LENGTH.size + length])
            del self._buffer[: _LENGTH.size + length]
            yield self._decoder.decode(message)

    def read(self, file: BinaryIO) -> Iterator[M]:
        """Yields messages until the other side is gone; one cut off by its death is dropped."""
        while data := file.read1(65536):  # type: ignore[attr-defined]
            yield from self.feed(data)


_encoder = msgspec.msgpack.Encoder()


def packed(message: msgspec.Struct) -> bytes:
    """A message as it is sent."""
    data = _encoder.encode(message)
    return _LENGTH.pack(len(data)) + data


def send(fd: int, message: msgspec.Struct) -> None:
    """Writes one message whole. Raises BrokenPipeError where nobody reads any more."""
    view = memoryview(packed(message))
    while view:
        view = view[os.write(fd, view) :]
