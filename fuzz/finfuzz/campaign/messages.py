"""Messages between the processes of a campaign: msgpack frames over pipes, each after its length.

A worker sends to the supervisor. The supervisor sends requests to triage, and triage answers.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO, Generic, TypeVar

import msgspec

from finfuzz.campaign.updates import ForeseeSignatures, TakeAttribution
from finfuzz.executor.outcome import Outcome
from finfuzz.generation.learning import Tally

_LENGTH = struct.Struct("<I")


class Progress(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """A worker's counts since its start; sent a few times a second.

    ``took``: steps that had an effect, were skipped, raised. ``touched``: executions that ran code
    of the extension. ``early``: those whose process ended by itself before its program did.
    ``unstable``: counters that differ between runs of one program.
    ``floor_seconds``: cost of a bare child; 0 until measured.
    """

    executions: int = 0
    seconds: float = 0.0
    child_seconds: float = 0.0
    mutation_seconds: float = 0.0
    took: tuple[int, int, int] = (0, 0, 0)
    touched: int = 0
    deaths: int = 0
    early: int = 0
    zygotes_replaced: int = 0
    unstable: int = 0
    floor_seconds: float = 0.0

    def __add__(self, later: Progress) -> Progress:
        """Sum the counts of two workers; what is no count comes from the later one."""
        effective, skipped, raised = (a + b for a, b in zip(self.took, later.took, strict=True))
        return Progress(
            executions=self.executions + later.executions,
            seconds=self.seconds + later.seconds,
            child_seconds=self.child_seconds + later.child_seconds,
            mutation_seconds=self.mutation_seconds + later.mutation_seconds,
            took=(effective, skipped, raised),
            touched=self.touched + later.touched,
            deaths=self.deaths + later.deaths,
            early=self.early + later.early,
            zygotes_replaced=self.zygotes_replaced + later.zygotes_replaced,
            unstable=max(self.unstable, later.unstable),
            floor_seconds=later.floor_seconds or self.floor_seconds,
        )


class NewSignature(msgspec.Struct, tag=True, frozen=True):
    """A signature that is new to this worker. Its first program lies in the lane's folder."""

    signature: str
    execution: int
    seconds: float


class SightingCount(msgspec.Struct, frozen=True):
    """The number of sightings of one signature by one route (the roots that kept objects alive).

    ``text``: the first program of the route, the first time that the worker reports the route.
    """

    signature: str
    roots: tuple[str, ...]
    sightings: int
    text: str = ""


class SightingCounts(msgspec.Struct, tag=True, frozen=True):
    """A worker's sightings since its last such message."""

    counts: tuple[SightingCount, ...]


class CorpusAddition(msgspec.Struct, tag=True, frozen=True):
    """A program that the worker added to the corpus; ``features`` are those new to the worker."""

    name: str
    execution: int
    features: int
    mutators: tuple[str, ...]


class Tallies(msgspec.Struct, tag=True, frozen=True):
    """The yield of a worker's mutators, operations and words since its start."""

    tallies: tuple[Tally, ...]


class ZygoteOutcome(msgspec.Struct, tag=True, frozen=True):
    """A program and its outcome in a zygote's child, to be compared with a fresh process."""

    text: str
    outcome: Outcome


class WorkerWarning(msgspec.Struct, tag=True, frozen=True):
    """A problem that the worker survives."""

    line: str


class Finished(msgspec.Struct, tag=True, frozen=True):
    """The worker's last message. ``problem``: why the worker can't go on; empty at a normal end.

    ``complete``: whether the sweep has no program left for it.
    """

    progress: Progress
    problem: str = ""
    complete: bool = False


FromWorker = (
    Progress
    | NewSignature
    | SightingCounts
    | CorpusAddition
    | Tallies
    | ZygoteOutcome
    | WorkerWarning
    | Finished
)


class TriageSignature(msgspec.Struct, tag=True, frozen=True):
    """Diagnose the first program of a signature; file it unless an equivalent finding exists.

    The program was the campaign's ``execution``-th, after so many ``seconds``.
    """

    lane: int
    signature: str
    execution: int
    seconds: float


class AddSightings(msgspec.Struct, tag=True, frozen=True):
    """Add these sightings, of triaged signatures, to their findings."""

    lane: int
    counts: tuple[SightingCount, ...]


class CompareWithFresh(msgspec.Struct, tag=True, frozen=True):
    """Run a program in a fresh process, and compare with its outcome in a zygote's child."""

    lane: int
    zygote: ZygoteOutcome


class CompareWithControl(msgspec.Struct, tag=True, frozen=True):
    """Run a program of the corpus, and compare it with the control. ``path``: its file."""

    lane: int
    path: str


class QueueDeferredWork(msgspec.Struct, tag=True, frozen=True):
    """Queue what a finding still lacks (its attribution). An earlier triage process filed it."""

    lane: int
    path: str


class RetryFiling(msgspec.Struct, tag=True, frozen=True):
    """Write the findings of a lane that could not be written before."""

    lane: int


class RunDeferredWork(msgspec.Struct, tag=True, frozen=True):
    """Run a piece of the deferred work."""


class Bucket(msgspec.Struct, frozen=True):
    """A bucket's state in triage. ``state``: filed, unfiled, known or unconfirmed.

    ``title``: of a known defect, or of the finding. ``path``: its folder, empty without one.
    ``sightings``: since the last answer.
    """

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


class DeferredProgress(msgspec.Struct, frozen=True):
    """How far the deferred work on a finding is. ``name``: `controls`, say.

    ``of``: 0 where nobody knows yet how many there are. ``left``: estimated seconds, None where
    too little was measured.
    """

    bucket: str
    name: str
    done: int
    of: int
    left: float | None = None


class Answer(msgspec.Struct, tag=True, frozen=True):
    """The answer to a request, which took so many ``seconds``.

    ``waiting``: findings with deferred work. ``agreed``: the result of a comparison. ``progress``:
    of the deferred work that the request ran. ``unfiled``: the signatures of the lane whose
    findings are not filed, with the reason.
    """

    lane: int
    buckets: tuple[Bucket, ...]
    waiting: int
    seconds: float
    agreed: bool | None = None
    problem: str = ""
    progress: DeferredProgress | None = None
    unfiled: tuple[tuple[str, str], ...] = ()


class Announcement(msgspec.Struct, tag=True, frozen=True):
    """A line for the user."""

    line: str


ToTriage = (
    TriageSignature
    | AddSightings
    | CompareWithFresh
    | CompareWithControl
    | QueueDeferredWork
    | ForeseeSignatures
    | TakeAttribution
    | RetryFiling
    | RunDeferredWork
)
FromTriage = Answer | Announcement
M = TypeVar("M")


class Channel(Generic[M]):
    """A decoder of one kind of messages from a stream of bytes."""

    def __init__(self, kind: Any) -> None:
        self._decoder: msgspec.msgpack.Decoder[M] = msgspec.msgpack.Decoder(kind)
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[M]:
        """Yield the messages that are complete; keep the rest for the next call."""
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if len(self._buffer) < _LENGTH.size + length:
                return
            message = bytes(self._buffer[_LENGTH.size : _LENGTH.size + length])
            del self._buffer[: _LENGTH.size + length]
            yield self._decoder.decode(message)

    def read(self, file: BinaryIO) -> Iterator[M]:
        """Yield messages until the sender is gone; drop one that is cut off by a kill."""
        while data := file.read1(65536):  # type: ignore[attr-defined]
            yield from self.feed(data)


_encoder = msgspec.msgpack.Encoder()


def encode(message: msgspec.Struct) -> bytes:
    """Encode a message as it is sent: its length, then its bytes."""
    data = _encoder.encode(message)
    return _LENGTH.pack(len(data)) + data


def send(fd: int, message: msgspec.Struct) -> None:
    """Write a whole message. Raises BrokenPipeError if the reader is gone."""
    rest = memoryview(encode(message))
    while rest:
        rest = rest[os.write(fd, rest) :]
