"""The nodes of a campaign on a cluster: what each is, and what it has done."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from finfuzz.campaign.messages import Progress
from finfuzz.support.counting import count


class NodeRow(msgspec.Struct, kw_only=True):
    """The work of a node. ``workers``: those that it has now; ``seconds`` are summed over workers.

    ``floor_seconds``: cost of a bare child there, 0 until measured. ``pythons``: versions of its
    CPythons, apart by spaces.
    """

    workers: int = 0
    executions: int = 0
    seconds: float = 0.0
    floor_seconds: float = 0.0
    cores: int = 0
    kernel: str = ""
    architecture: str = ""
    processor: str = ""
    pythons: str = ""

    def add(self, progress: Progress) -> None:
        """Add the work of a batch."""
        self.executions += progress.executions
        self.seconds += progress.seconds
        self.floor_seconds = progress.floor_seconds or self.floor_seconds

    @property
    def rate(self) -> float:
        """Executions per second of its workers together."""
        return self.workers * self.executions / self.seconds if self.seconds else 0.0

    @property
    def of_floor(self) -> float | None:
        """A worker's rate as a share of bare children there; None until measured."""
        if not self.floor_seconds or not self.seconds:
            return None
        return self.executions / self.seconds * self.floor_seconds


def describe_nodes(nodes: Mapping[str, NodeRow]) -> str:
    """Describe the nodes in one line, the fastest first; empty without a cluster."""
    if not nodes:
        return ""
    there = {name: row for name, row in nodes.items() if row.workers}
    workers = count(sum(row.workers for row in there.values()), "worker")
    fastest = sorted(there.items(), key=lambda item: -item[1].rate)
    each = ", ".join(_describe(name, row) for name, row in fastest)
    return f"{count(len(there), 'node')}, {workers}" + (f": {each}" if each else "")


def _describe(name: str, row: NodeRow) -> str:
    share = "" if row.of_floor is None else f" ({row.of_floor:.0%} of empty programs)"
    return f"{name} {row.workers} × {row.rate / row.workers:.0f}/s{share}"
