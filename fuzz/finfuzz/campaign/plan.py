"""A campaign's plan, with nothing left open: stored in the state folder, read by `--resume`."""

from __future__ import annotations

from typing import Literal

import msgspec

Engine = Literal["atheris", "random", "sweep"]


class Lane(msgspec.Struct, frozen=True):
    """A target on a CPython (a path; ``version`` is for display), and its share of the time."""

    target: str
    python: str
    version: str
    share: float = 1.0

    def __str__(self) -> str:
        return f"{self.target} on CPython {self.version}"


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of a campaign.

    ``deadline``: seconds of one child. ``memory_mib``: address space of one child.
    ``total_memory_mib``: resident memory of all processes. ``processes``: their number.
    ``disk_mib``: size of the state folder. ``cores``: those to run on; empty for all.
    """

    deadline: float = 2.0
    memory_mib: int = 2048
    total_memory_mib: int
    processes: int
    disk_mib: int
    nice: int = 0
    cores: tuple[int, ...] = ()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign's plan. ``seconds``: fuzzing by the clock, without builds and pauses.

    ``seeds``: a folder of programs to start from. ``attribute``: whether controls run for new
    findings; ``owner_only``: only those that tell the owner. ``findings``: new ones after which
    the campaign ends; 0 for no limit.
    """

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
    owner_only: bool = False
    findings: int = 0
