"""The cluster that `--cluster` names: `local:N`, or the address of a Dask scheduler."""

from __future__ import annotations

import queue
import re

from finfuzz.campaign.cluster.connection import Cluster
from finfuzz.campaign.cluster.local import LocalDask
from finfuzz.campaign.cluster.pool import ClusterPool
from finfuzz.campaign.folder import State
from finfuzz.campaign.plan import Plan
from finfuzz.campaign.totals import Totals
from finfuzz.support.errors import UserError

_LOCAL = re.compile(r"local:([1-9]\d{0,3})", re.ASCII)
_ADDRESS = re.compile(r"(tcp|tls)://\S+:\d+", re.ASCII)


class ClusterChoice:
    """The cluster of a campaign. ``workers``: processes that fuzz, as far as known beforehand."""

    def __init__(self, text: str) -> None:
        """Connect, unless the cluster is local. Raises UserError."""
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._cluster: Cluster | None = None
        if match := _LOCAL.fullmatch(text):
            self.workers = int(match[1])
        elif _ADDRESS.fullmatch(text):
            self._cluster = Cluster(text, self._lines.put)
            self.workers = sum(node.threads for node in self._cluster.list_nodes()) or 1
        else:
            raise UserError(
                f"--cluster {text}: write local:4, or a Dask scheduler's tcp://HOST:PORT or "
                "tls://HOST:PORT"
            )

    def make_pool(self, plan: Plan, state: State, totals: Totals) -> ClusterPool:
        """Make the campaign's pool; start a local cluster. Raises UserError."""
        local = None
        if self._cluster is None:
            local = LocalDask(self.workers, state.scratch)
            self._cluster = Cluster(local.address, self._lines.put)
        return ClusterPool(plan, state, totals, self._cluster, self._lines, local)
