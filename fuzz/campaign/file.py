"""A campaign's TOML file: what the command line says, for several builds, to be kept."""

from __future__ import annotations

from pathlib import Path

import msgspec

from fuzz.campaign.plan import Engine
from fuzz.toml import read_toml


class TargetEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `[[targets]]` table: one target as on the command line, on each of the ``pythons`` and with
    each of the ``policies``. ``share`` of the time of each of these builds, relative to others."""

    target: str
    pythons: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    share: float = 1.0


class CampaignFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What it may say beside its targets; what it does not say is the command line's. Paths are
    relative to the file."""

    targets: tuple[TargetEntry, ...] = ()
    time: float | None = None
    workers: int | None = None
    engine: Engine | None = None
    seed: int | None = None
    state: str | None = None
    corpus: str | None = None
    crashes: str | None = None
    attribute: bool | None = None
    abuse: bool | None = None
    deadline: float | None = None
    memory: int | None = None
    total_memory: int | None = None
    processes: int | None = None
    disk: int | None = None
    nice: int | None = None
    cores: str | None = None


def read(path: Path) -> CampaignFile:
    """Raises UserError, with the nearest known key for one that is unknown."""
    keys = {*CampaignFile.__struct_encode_fields__, *TargetEntry.__struct_fields__}
    return read_toml(path, CampaignFile, "campaign", sorted(keys))
