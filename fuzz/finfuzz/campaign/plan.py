"""A campaign's plan, with nothing left open: stored in the state folder, read by `--resume`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Engine = Literal["atheris", "random", "sweep"]

# The ranges of the options, for campaign files and for plans, which may come from somebody else.
Share = Annotated[float, Meta(gt=0, le=1e6)]
Seconds = Annotated[float, Meta(ge=0.1, le=1e9)]
Workers = Annotated[int, Meta(ge=1, le=1024)]
Seed = Annotated[int, Meta(ge=0, le=2**31)]
Deadline = Annotated[float, Meta(ge=0.01, le=86400)]
ChildMemory = Annotated[int, Meta(ge=64, le=1 << 20)]
TotalMemory = Annotated[int, Meta(ge=256, le=1 << 24)]
Processes = Annotated[int, Meta(ge=8, le=1 << 20)]
Disk = Annotated[int, Meta(ge=1, le=1 << 24)]
Core = Annotated[int, Meta(ge=0, le=1 << 16)]
FindingCount = Annotated[int, Meta(ge=1, le=1 << 20)]
Niceness = Annotated[int, Meta(ge=0, le=19)]
#: No path has a null byte, and none in a plan is empty: that would be the working folder.
PathText = Annotated[str, Meta(pattern=r"^[^\x00]+$", max_length=4096)]
#: A machine's name is a folder's.
MachineName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$(?!\n)")]


class Lane(msgspec.Struct, frozen=True):
    """A target on a CPython (a path; ``version`` is for display), and its share of the time."""

    target: Annotated[str, Meta(max_length=10_000)]
    python: PathText
    version: Annotated[str, Meta(max_length=100)]
    share: Share = 1.0

    def __str__(self) -> str:
        return f"{self.target} on CPython {self.version}"


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of a campaign.

    ``deadline``: seconds of one child. ``memory_mib``: address space of one child.
    ``total_memory_mib``: resident memory of all processes. ``processes``: their number.
    ``disk_mib``: size of the state folder. ``cores``: those to run on; empty for all.
    """

    deadline: Deadline = 2.0
    memory_mib: ChildMemory = 2048
    total_memory_mib: TotalMemory
    processes: Processes
    disk_mib: Disk
    nice: Niceness = 0
    cores: tuple[Core, ...] = ()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign's plan. ``seconds``: fuzzing by the clock, without builds and pauses.

    ``seeds``: a folder of programs to start from. ``attribute``: whether controls run for new
    findings; ``owner_only``: only those that tell the owner. ``findings``: new ones after which
    the campaign ends; 0 for no limit. ``sync``: the folder through which machines exchange what
    they find; ``machine``: this one's name there.
    """

    lanes: Annotated[tuple[Lane, ...], Meta(min_length=1, max_length=1000)]
    workers: Annotated[int, Meta(ge=1, le=100_000)]  # of a cluster, too
    seconds: Seconds
    engine: Engine
    seed: Seed
    seeds: PathText | None
    crashes: PathText
    abuse: bool
    attribute: bool
    bounds: Bounds
    owner_only: bool = False
    findings: Annotated[int, Meta(ge=0, le=1 << 20)] = 0
    sync: PathText | None = None
    machine: MachineName = "machine"
