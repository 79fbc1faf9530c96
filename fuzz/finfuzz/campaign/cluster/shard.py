"""Shards and what they bring back, as msgpack: the arguments and results of Dask's tasks.

A shard asks a node to fuzz a lane for some seconds. The worker process that does this lives on
between shards, so a shard costs no start, and a batch is what such a process has done since its
last batch. Batches are numbered by process: one that is merged twice changes nothing.
"""

from __future__ import annotations

import msgspec

from finfuzz.campaign.messages import FromWorker
from finfuzz.campaign.worker.job import Job


class Space(msgspec.Struct, frozen=True):
    """The space of a lane's sweep: its identity, and its cells with the number of their blocks."""

    identity: str
    cells: tuple[tuple[str, int], ...]

    @property
    def blocks(self) -> int:
        return sum(count for _, count in self.cells)


class Parcel(msgspec.Struct, frozen=True):
    """A build that travels (targets/shipping.py). ``digest``: of its bytes, SHA-256."""

    key: str
    digest: str
    data: bytes


class Shard(msgspec.Struct, frozen=True, kw_only=True):
    """A shard of a campaign's work.

    ``campaign`` is the same after --resume, ``run`` another one. ``job``: of a worker process that
    is started for it; its paths are the supervisor's, and ``version`` says which CPython is meant.
    ``recipe``: the content of the recipe that its target names, if any.
    ``seconds``: 0 for a shard that only makes the build, and says what the sweep is. ``parcel``:
    the build, from elsewhere. ``compiles``: whether the node may compile it. ``ships``: whether the
    answer is to have the build. ``programs``:
    texts that are new to the node, the campaign's from number ``first`` on. ``known``: signatures
    whose first program the campaign has. ``blocks``: of the sweep that this node runs from now on,
    with how many of their programs were run; ``finished``: its blocks that another machine has
    finished. ``novelty``: counts of features that other nodes have
    raised; ``novelty_before``: all counts, for a node that begins. ``merged``: the last batch of
    each process that the campaign has; ``seen``: the last delivery of ``folder``.
    """

    id: str
    campaign: str
    run: str
    lane: int
    version: str
    seconds: float
    job: Job
    recipe: str = ""
    parcel: Parcel | None = None
    compiles: bool = True
    ships: bool = False
    first: int = 0
    programs: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    blocks: tuple[tuple[int, int], ...] = ()
    finished: tuple[int, ...] = ()
    novelty: bytes = b""
    novelty_before: bytes = b""
    merged: dict[str, int] = {}
    folder: str = ""
    seen: int = 0


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker process has done since its last batch.

    ``number``: counts its batches from 1. ``messages``: its counts are increments. ``programs``:
    texts that it added to the corpus. ``signatures``: files of signatures that the campaign may
    lack. ``build``: the build's id there. ``figures``: of libFuzzer. ``seconds``: that the process
    has fuzzed in all. ``ending``: None while it runs; then why it ended, empty where it ended in
    order.
    """

    process: str
    number: int
    lane: int
    messages: tuple[FromWorker, ...] = ()
    programs: tuple[str, ...] = ()
    signatures: dict[str, bytes] = {}
    build: str = ""
    figures: dict[str, int] = {}
    seconds: float = 0.0
    ending: str | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a shard: the batches of its node that the campaign has not yet merged.

    ``address``, ``host`` and ``folder``: of the Dask worker that ran the shard; a folder is another
    one when the worker begins anew. ``have``: programs of the campaign's that it has. ``problem``:
    why the shard could not run. ``lacks``: the key of the build that the shard did not let it
    compile. ``remark``: a line for the user. ``parcel``: the build that it has compiled.
    ``space``: of the lane's sweep, where the shard only prepared it.
    ``blocks``: by lane, the states of the sweep's blocks that changed since the last delivery that
    the campaign has. ``number``: counts the deliveries of a folder. ``novelty``: counts of
    features of the shard's lane that were raised there. ``explored``: combinations of words that
    were run there, packed, by lane.
    """

    address: str
    host: str
    folder: str
    number: int = 0
    have: int = 0
    batches: tuple[Batch, ...] = ()
    problem: str = ""
    lacks: str = ""
    remark: str = ""
    parcel: Parcel | None = None
    space: Space | None = None
    novelty: bytes = b""
    explored: dict[int, bytes] = {}
    blocks: dict[int, tuple[tuple[int, int], ...]] = {}


encode = msgspec.msgpack.Encoder().encode
decode_shard = msgspec.msgpack.Decoder(Shard).decode
decode_delivery = msgspec.msgpack.Decoder(Delivery).decode
