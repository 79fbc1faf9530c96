"""What the supervisor notes about nodes: what each is, and lanes that wait for one."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping

from finfuzz.campaign.cluster.node import Node
from finfuzz.campaign.nodes import NodeRow
from finfuzz.campaign.plan import Plan
from finfuzz.campaign.totals import Totals

#: Time that workers may take to start before their absence is announced.
_WAIT_SECONDS = 20.0


class NodeWatch:
    """The nodes of a campaign over time."""

    def __init__(self, plan: Plan, totals: Totals) -> None:
        self._plan, self._totals = plan, totals
        self._waits_since: dict[int, float] = {}

    def look(
        self, nodes: Mapping[str, Node], lanes: Collection[int], announce: Callable[[str], None]
    ) -> None:
        """Note the Dask workers that there are. ``lanes``: those that are open."""
        self._note_nodes(nodes)
        self._note_waiting(nodes, lanes, announce)

    def _note_nodes(self, nodes: Mapping[str, Node]) -> None:
        """Keep what each node is, and how many workers it has now."""
        rows = self._totals.nodes
        for row in rows.values():
            row.workers = 0
        for node in nodes.values():
            row = rows.setdefault(node.name, NodeRow())
            row.workers += node.threads
            row.cores, row.kernel, row.architecture = node.cores, node.kernel, node.architecture
            row.processor, row.pythons = node.processor, " ".join(node.pythons)

    def _note_waiting(
        self, nodes: Mapping[str, Node], lanes: Collection[int], announce: Callable[[str], None]
    ) -> None:
        """Announce lanes that no node could run for a while, once."""
        now = time.monotonic()
        versions = {version for node in nodes.values() for version in node.pythons}
        for lane in range(len(self._plan.lanes)):
            if lane not in lanes or self._plan.lanes[lane].version in versions:
                self._waits_since.pop(lane, None)
            elif 0.0 < self._waits_since.setdefault(lane, now) < now - _WAIT_SECONDS:
                self._waits_since[lane] = 0.0
                why = f"none of the {len(nodes)} has that CPython" if nodes else "there is none"
                announce(f"waiting for a Dask worker for {self._plan.lanes[lane]}: {why}")
