"""A campaign's TOML file: the options of `finfuzz run`, for several targets."""

from __future__ import annotations

from pathlib import Path

import msgspec

from finfuzz.campaign.plan import (
    ChildMemory,
    Deadline,
    Disk,
    Engine,
    FindingCount,
    MachineName,
    Niceness,
    PathText,
    Processes,
    Seconds,
    Seed,
    Share,
    TotalMemory,
    Workers,
)
from finfuzz.support.toml import read_toml


class TargetEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `[[targets]]` table: one target, on each of the ``pythons``, with each of the ``policies``.

    ``share``: the weight of each of these lanes when workers divide their time.
    """

    target: str
    pythons: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    share: Share = 1.0


class CampaignFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The keys of a campaign file, with the ranges of the options, which override them.

    Paths are relative to the file.
    """

    targets: tuple[TargetEntry, ...] = ()
    time: Seconds | None = None
    workers: Workers | None = None
    engine: Engine | None = None
    seed: Seed | None = None
    state: PathText | None = None
    corpus: PathText | None = None
    crashes: PathText | None = None
    attribute: bool | None = None
    owner_only: bool | None = None
    findings: FindingCount | None = None
    abuse: bool | None = None
    deadline: Deadline | None = None
    memory: ChildMemory | None = None
    total_memory: TotalMemory | None = None
    processes: Processes | None = None
    disk: Disk | None = None
    nice: Niceness | None = None
    cores: str | None = None
    sync: PathText | None = None
    machine: MachineName | None = None


def read(path: Path) -> CampaignFile:
    """Read a campaign file. Raises UserError, with the nearest known key for an unknown one."""
    keys = {*CampaignFile.__struct_encode_fields__, *TargetEntry.__struct_fields__}
    return read_toml(path, CampaignFile, "campaign", sorted(keys))
