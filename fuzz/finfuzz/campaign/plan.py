"""What a campaign is to do, resolved: it lies in the state folder, and a resume reads it."""

from __future__ import annotations

from typing import Literal

import msgspec

Engine = Literal["atheris", "random"]


class Lane(msgspec.Struct, frozen=True):
    """One target on one CPython (a path; ``version`` is for people), and its share of the time."""

    target: str
    python: str
    version: str
    share: float = 1.0

    def __str__(self) -> str:
        return f"{self.target} on CPython {self.version}"


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What a campaign may use. ``deadline``: seconds of one child; ``memory_mib``: address space
    of one child; ``total_memory_mib``: resident, of all processes; ``processes`` in all;
    ``disk_mib`` of the state folder. ``cores``: those it may run on, all where empty."""

    deadline: float = 2.0
    memory_mib: int = 2048
    total_memory_mib: int
    processes: int
    disk_mib: int
    nice: int = 0
    cores: tuple[int, ...] = ()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """``seconds`` of fuzzing by the clock, builds and pauses not counted. ``seeds``: a folder of
    programs to start from. ``attribute``: whether new findings are run on their controls."""

    lanes: tuple[Lane, ...]
    workers: int
    seconds: float
    engine: Engine
    seed: int
    seeds: str | None
    crashes: str
    abuse: bool
    attribute: bool
    bounds: Bounds
