"""A campaign's TOML file: the options of `finfuzz run`, for several targets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from finfuzz.campaign.plan import Engine
from finfuzz.support.toml import read_toml


class TargetEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `[[targets]]` table: one target, on each of the ``pythons``, with each of the ``policies``.

    ``share``: the weight of each of these lanes when workers divide their time.
    """

    target: str
    pythons: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    share: Annotated[float, Meta(gt=0, le=1e6)] = 1.0


class CampaignFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The keys of a campaign file, with the ranges of the options, which override them.

    Paths are relative to the file.
    """

    targets: tuple[TargetEntry, ...] = ()
    time: Annotated[float, Meta(ge=0.1, le=1e9)] | None = None
    workers: Annotated[int, Meta(ge=1, le=1024)] | None = None
    engine: Engine | None = None
    seed: Annotated[int, Meta(ge=0, le=2**31)] | None = None
    state: str | None = None
    corpus: str | None = None
    crashes: str | None = None
    attribute: bool | None = None
    owner_only: bool | None = None
    findings: Annotated[int, Meta(ge=1, le=1 << 20)] | None = None
    abuse: bool | None = None
    deadline: Annotated[float, Meta(ge=0.01, le=86400)] | None = None
    memory: Annotated[int, Meta(ge=64, le=1 << 20)] | None = None
    total_memory: Annotated[int, Meta(ge=256, le=1 << 24)] | None = None
    processes: Annotated[int, Meta(ge=8, le=1 << 20)] | None = None
    disk: Annotated[int, Meta(ge=1, le=1 << 24)] | None = None
    nice: Annotated[int, Meta(ge=0, le=19)] | None = None
    cores: str | None = None


def read(path: Path) -> CampaignFile:
    """Read a campaign file. Raises UserError, with the nearest known key for an unknown one."""
    keys = {*CampaignFile.__struct_encode_fields__, *TargetEntry.__struct_fields__}
    return read_toml(path, CampaignFile, "campaign", sorted(keys))
