"""The sweeps of lanes on several machines: each runs its share, and takes over finished blocks."""

from __future__ import annotations

import contextlib
import hashlib
import platform
import re
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.plan import Lane, Plan
from finfuzz.campaign.sync.shared_folder import list_names
from finfuzz.generation.sweep.exchange import read_ledger, take_done
from finfuzz.generation.sweep.ledger import MOST_BYTES
from finfuzz.generation.sweep.share import Share, write_share
from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.targets.spec import parse_target
from finfuzz.triage.findings.files import read_file

_KEY = re.compile(r"[0-9a-f]{40}")


class Sweeps:
    """The ledgers of a campaign's lanes that mean the same on another machine."""

    def __init__(self, plan: Plan, paths: StatePaths, own: Path) -> None:
        self._own = own / "sweep"
        self._ledgers = {
            key: paths.sweep(number)
            for number, lane in enumerate(plan.lanes)
            if (key := make_key(lane, plan))
        }
        self._published: dict[str, bytes] = {}

    def take(self, machine: Path) -> int:
        """Take over the blocks that another machine has finished; return their number."""
        taken = 0
        for key in self._list_common(machine):
            with contextlib.suppress(UserError):
                other = read_file(machine / "sweep" / key, MOST_BYTES, "the ledger of a sweep")
                if self._ledgers[key].exists():
                    taken += take_done(self._ledgers[key], other)
        return taken

    def publish(self) -> None:
        """Write our ledgers where they have changed. Raises OSError."""
        for key, path in self._ledgers.items():
            data = read_ledger(path)
            if data is not None and self._published.get(key) != data:
                write_whole(self._own / key, data)
                self._published[key] = data

    def share(self, machines: Iterable[Path]) -> None:
        """Divide the blocks of each lane among the machines that work on it, by their names.

        ``machines``: the others that are there.
        """
        having: dict[str, list[str]] = {key: [] for key in self._ledgers}
        for machine in machines:
            for key in self._list_common(machine):
                having[key].append(machine.name)
        name = self._own.parent.name
        for key, others in having.items():
            everyone = sorted([*others, name])
            write_share(self._ledgers[key], Share(everyone.index(name), len(everyone)))

    def _list_common(self, machine: Path) -> list[str]:
        return [key for key in list_names(machine / "sweep", _KEY) if key in self._ledgers]


def make_key(lane: Lane, plan: Plan) -> str:
    """Name what a lane's programs run on; empty where that is this machine's alone.

    A folder, a recipe and what is installed beside a package differ from machine to machine, so
    such a lane takes nobody's word.
    """
    spec = parse_target(lane.target)
    if spec.package or spec.path is not None:
        return ""
    bounds = (plan.bounds.deadline, plan.bounds.memory_mib, plan.abuse)
    facts = (str(spec), lane.version, platform.machine(), version("finfuzz"), bounds)
    return hashlib.sha1(repr(facts).encode(), usedforsecurity=False).hexdigest()
