"""Builds as parcels: made on a node, or unpacked there."""

from __future__ import annotations

import hashlib

from finfuzz.campaign.cluster.shard import Parcel, Shard
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build, is_built
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.shipping import find_key, pack, unpack
from finfuzz.targets.spec import TargetSpec


class MissingBuildError(Exception):
    """A node lacks a build that it may not compile. ``key``: of the build."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def make_parcel(spec: TargetSpec, python: Interpreter) -> Parcel | None:
    """Make a parcel of a build in the cache; None of one that is too large to travel.

    Raises UserError and OSError.
    """
    data = pack(spec, python)
    return Parcel(find_key(spec, python), digest(data), data) if data else None


def is_whole(parcel: Parcel) -> bool:
    """Whether a parcel has the bytes that its digest names."""
    return digest(parcel.data) == parcel.digest


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def get_build(spec: TargetSpec, python: Interpreter, shard: Shard) -> tuple[Build, str]:
    """Get a lane's build on a node: from its cache, from the shard's parcel, or by compiling it.

    Returns a line for the user with it, where the parcel did not do. Raises MissingBuildError where
    the shard does not let it compile, UserError and OSError.
    """
    remark = ""
    if not is_built(spec, python):
        if shard.parcel is not None:
            remark = _install(spec, python, shard.parcel)
        elif not shard.compiles:
            raise MissingBuildError(find_key(spec, python))
    return build(spec, python), remark


def _install(spec: TargetSpec, python: Interpreter, parcel: Parcel) -> str:
    """Put a parcel's build into the cache; say why that could not be."""
    if not is_whole(parcel):
        return "a build of another machine is damaged: compiling it"
    try:
        unpack(spec, python, parcel.data)
    except UserError as error:
        return f"{error}: compiling it"
    return ""
