"""The head's store of builds: one node compiles for all nodes of its kind.

Nodes are of one kind, for a lane, if they name the same key (targets/shipping.py). The first build
is the head's own, made before the campaign began.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from finfuzz.campaign.cluster.node import Node
from finfuzz.campaign.cluster.parcels import is_whole, make_parcel
from finfuzz.campaign.cluster.shard import Parcel, Shard
from finfuzz.campaign.plan import Lane, Plan
from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.targets.interpreters import probe
from finfuzz.targets.shipping import MOST_PACKED
from finfuzz.targets.spec import parse_target

#: Others wait for a node that compiles, but no longer: the slowest build takes half a minute.
_LONGEST_SECONDS = 300.0


class _Maker(NamedTuple):
    """A node at work on a build. ``compiles``: it has no parcel, so other nodes wait for it."""

    key: str
    node: str
    compiles: bool
    since: float


class BuildStore:
    """Parcels by key, in a folder, each in a file with the digest as name.

    ``announce``: gets a line where one can't be kept. All but the packing of the head's own builds
    is done by the supervisor's thread.
    """

    def __init__(self, plan: Plan, folder: Path, announce: Callable[[str], None]) -> None:
        self._plan, self._folder, self._announce = plan, folder, announce
        self._digests: dict[str, str] = {}
        self._makers: dict[str, _Maker] = {}
        self._own: dict[int, threading.Thread] = {}

    def is_awaited(self, lane: int, key: str, node: str) -> bool:
        """Whether a node had better wait for a build.

        The head packs its own, another Dask worker of the node is at it, or another node compiles
        it for all.
        """
        if lane not in self._own:
            self._own[lane] = threading.Thread(
                target=self._pack_own, args=(self._plan.lanes[lane],), name="finfuzz builds"
            )
            self._own[lane].start()
        if self._own[lane].is_alive():
            return True
        latest = time.monotonic() - _LONGEST_SECONDS
        return any(
            maker.node == node or (maker.compiles and key not in self._digests)
            for maker in self._makers.values()
            if maker.key == key and maker.since > latest
        )

    def add(self, shard: Shard, node: Node, key: str) -> Shard:
        """Add the build to a shard; if there is none yet, the node is to compile and send it.

        Until ``end`` other nodes wait for it. On the loopback all Dask workers have one cache.
        """
        parcel = self._load(key)
        self._makers[shard.id] = _Maker(key, node.name, parcel is None, time.monotonic())
        ships = parcel is None and node.name != node.host
        return msgspec.structs.replace(shard, parcel=parcel, ships=ships)

    def end(self, shard: str, parcel: Parcel | None = None) -> None:
        """Take note that a shard has ended, with what its node has compiled, if anything."""
        maker = self._makers.pop(shard, None)
        if maker and parcel and parcel.key == maker.key and is_whole(parcel):
            self._keep(parcel)

    def close(self) -> None:
        for thread in self._own.values():
            thread.join()

    def _pack_own(self, lane: Lane) -> None:
        try:
            parcel = make_parcel(parse_target(lane.target), probe(Path(lane.python)))
        except (UserError, OSError):  # a node compiles it, or says why it can't
            return
        if parcel:
            self._keep(parcel)

    def _keep(self, parcel: Parcel) -> None:
        if len(parcel.data) > MOST_PACKED:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._folder / parcel.digest, parcel.data)
        except OSError as error:
            self._announce(f"can't keep a build for other nodes, they compile it: {error.strerror}")
        else:
            self._digests[parcel.key] = parcel.digest

    def _load(self, key: str) -> Parcel | None:
        if (digest := self._digests.get(key)) is None:
            return None
        try:
            return Parcel(key, digest, (self._folder / digest).read_bytes())
        except OSError:
            del self._digests[key]
            return None
