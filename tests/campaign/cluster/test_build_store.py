"""The head's store of builds: who compiles, who waits, who gets a parcel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from finfuzz.campaign.cluster.build_store import BuildStore
from finfuzz.campaign.cluster.parcels import digest, make_parcel
from finfuzz.campaign.cluster.shard import Parcel, Shard
from finfuzz.campaign.plan import Lane
from finfuzz.targets.build import Build
from finfuzz.targets.shipping import find_key
from helpers.campaigns import PLAN
from helpers.clusters import make_node
from helpers.patience import wait_until
from helpers.workers import make_patient_job

NEAR, FAR, OTHER = (make_node(number, "3.13.0", host="10.0.0") for number in (1, 2, 3))
PARCEL = Parcel("key", digest(b"a build"), b"a build")


class World:
    """A store, and shards for it. ``lines``: what it has announced."""

    def __init__(self, folder: Path, made: Build) -> None:
        self.lines: list[str] = []
        python = made.interpreter
        lane = Lane(str(made.spec), str(python.path), python.text)
        plan = msgspec.structs.replace(PLAN, lanes=(lane,))
        self.folder = folder / "parcels"
        self.store = BuildStore(plan, self.folder, self.lines.append)
        job = make_patient_job(folder, made, "random")
        self._shard = Shard(
            id="", campaign="c", run="r", lane=0, version=python.text, seconds=0.0, job=job
        )

    def give(self, name: str, node: Any, key: str = "key") -> Shard:
        return self.store.add(msgspec.structs.replace(self._shard, id=name), node, key)

    def waits(self, node: Any, key: str = "key") -> bool:
        return self.store.is_awaited(0, key, node.name)

    def pack_own(self) -> None:
        """Let the head pack its own build, which nodes wait for."""
        wait_until(lambda: not self.waits(NEAR), "the head to pack its build")


@pytest.fixture
def world(tmp_path: Path, plain_c: Build) -> Iterator[World]:
    made = World(tmp_path, plain_c)
    yield made
    made.store.close()


def test_a_node_like_the_head_compiles_nothing(world: World, plain_c: Build) -> None:
    world.pack_own()
    key = find_key(plain_c.spec, plain_c.interpreter)
    assert not world.waits(NEAR, key)
    shard = world.give("1", NEAR, key)
    assert shard.parcel == make_parcel(plain_c.spec, plain_c.interpreter)
    assert not shard.ships
    assert [path.name for path in world.folder.iterdir()] == [shard.parcel.digest]
    assert world.waits(NEAR, key), "another Dask worker of the node would get it, too"
    assert not world.waits(FAR, key)


def test_one_node_compiles_and_the_others_of_its_kind_wait(world: World) -> None:
    world.pack_own()
    first = world.give("1", NEAR)
    assert (first.parcel, first.ships) == (None, True)
    assert world.waits(FAR)
    assert not world.waits(FAR, "another kind")
    world.store.end("1", PARCEL)
    assert not world.waits(FAR)
    assert world.give("2", FAR).parcel == PARCEL
    assert not world.waits(OTHER)


@pytest.mark.parametrize(
    "answer", [None, Parcel("another", PARCEL.digest, b"a build"), Parcel("key", "0" * 64, b"x")]
)
def test_without_a_build_in_the_answer_the_next_node_compiles(
    world: World, answer: Parcel | None
) -> None:
    """The node is lost, its disk is full, or the parcel is not what was asked for."""
    world.pack_own()
    world.give("1", NEAR)
    world.store.end("1", answer)
    assert not world.waits(FAR)
    assert world.give("2", FAR).ships


def test_nodes_do_not_wait_for_ever(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.pack_own()
    world.give("1", NEAR)
    monkeypatch.setattr("finfuzz.campaign.cluster.build_store._LONGEST_SECONDS", 0.0)
    assert not world.waits(FAR)


def test_dask_workers_of_one_machine_have_one_cache(world: World) -> None:
    world.pack_own()
    assert not world.give("1", make_node(1, "3.13.0")).ships


def test_what_cannot_be_kept_is_compiled_by_each(world: World) -> None:
    world.pack_own()
    world.give("1", NEAR)
    for path in world.folder.iterdir():
        path.unlink()
    world.folder.rmdir()
    world.folder.write_text("no folder")
    world.store.end("1", PARCEL)
    assert world.lines == ["can't keep a build for other nodes, they compile it: File exists"]
    assert world.give("2", FAR).ships
