"""A lane's build on a node: from its cache, from a parcel, or compiled there."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from finfuzz.campaign.cluster import parcels
from finfuzz.campaign.cluster.parcels import MissingBuildError, get_build, make_parcel
from finfuzz.campaign.cluster.shard import Parcel, Shard
from finfuzz.targets.build import Build, build
from finfuzz.targets.shipping import find_key
from helpers.workers import make_patient_job


@pytest.fixture
def shard(tmp_path: Path, plain_c: Build) -> Shard:
    job = make_patient_job(tmp_path / "supervisor", plain_c, "random")
    version = plain_c.interpreter.text
    return Shard(id="1", campaign="c", run="r", lane=0, version=version, seconds=0.0, job=job)


@pytest.fixture
def parcel(plain_c: Build) -> Parcel:
    made = make_parcel(plain_c.spec, plain_c.interpreter)
    assert made is not None
    return made


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain_c: Build) -> list[str]:
    """The targets that a node with an empty cache compiles; it is only said that it does."""
    found: list[str] = []

    def compile_or_find(*arguments: object) -> Build:
        try:
            return build(*arguments)  # type: ignore[arg-type]
        except AssertionError:
            found.append(str(arguments[0]))
            return plain_c

    def refuse(*_: object) -> None:
        raise AssertionError("a compiler runs")

    monkeypatch.setenv("FINFUZZ_CACHE", str(tmp_path / "empty"))
    monkeypatch.setattr("finfuzz.targets.build.run_compiler", refuse)
    monkeypatch.setattr("finfuzz.targets.objects.run_compiler", refuse)
    monkeypatch.setattr(parcels, "build", compile_or_find)
    return found


def test_what_is_in_the_cache_needs_nothing(shard: Shard, plain_c: Build) -> None:
    asks = msgspec.structs.replace(shard, compiles=False)
    assert get_build(plain_c.spec, plain_c.interpreter, asks) == (plain_c, "")


def test_a_node_says_which_build_it_lacks(
    shard: Shard, plain_c: Build, compiled: list[str]
) -> None:
    asks = msgspec.structs.replace(shard, compiles=False)
    with pytest.raises(MissingBuildError) as error:
        get_build(plain_c.spec, plain_c.interpreter, asks)
    assert error.value.key == find_key(plain_c.spec, plain_c.interpreter)
    assert compiled == []


def test_a_parcel_spares_the_compiler(
    shard: Shard, parcel: Parcel, plain_c: Build, compiled: list[str]
) -> None:
    has = msgspec.structs.replace(shard, parcel=parcel)
    made, remark = get_build(plain_c.spec, plain_c.interpreter, has)
    assert (made.id, remark, compiled) == (plain_c.id, "", [])
    assert made.directory != plain_c.directory


@pytest.mark.parametrize(
    ("change", "remark"),
    [
        (
            lambda parcel: msgspec.structs.replace(parcel, data=parcel.data[:-1]),
            "a build of another machine is damaged: compiling it",
        ),
        (
            lambda parcel: Parcel(parcel.key, parcels.digest(b"none"), b"none"),
            "a build of another machine is damaged: Error -3",
        ),
    ],
)
def test_a_bad_parcel_is_compiled_and_said(
    shard: Shard,
    parcel: Parcel,
    plain_c: Build,
    compiled: list[str],
    change: Callable[[Parcel], Parcel],
    remark: str,
) -> None:
    has = msgspec.structs.replace(shard, parcel=change(parcel))
    _, said = get_build(plain_c.spec, plain_c.interpreter, has)
    assert said.startswith(remark)
    assert compiled == [str(plain_c.spec)]


def test_a_parcel_for_another_kind_is_compiled_and_said(
    shard: Shard, parcel: Parcel, plain_c: Build, compiled: list[str]
) -> None:
    other = dataclasses.replace(plain_c.interpreter, text="3.99.0")
    _, said = get_build(plain_c.spec, other, msgspec.structs.replace(shard, parcel=parcel))
    assert said == "a build of another machine is for another kind of machine: compiling it"
    assert compiled == [str(plain_c.spec)]
