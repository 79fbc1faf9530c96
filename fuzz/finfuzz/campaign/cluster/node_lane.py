"""A lane on a node: its build, and this node's share of what all nodes run."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from finfuzz.campaign.cluster.node import find_python
from finfuzz.campaign.cluster.parcels import get_build
from finfuzz.campaign.cluster.shard import Shard, Space
from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.worker.chooser import make_space
from finfuzz.generation.combinations import pack_explored
from finfuzz.generation.novelty_shares import NoveltyShare
from finfuzz.generation.sweep.node_ledger import NodeLedger
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target

#: Interval of comparing a lane's counts of features: seven hundredths of a second for 8 MiB.
_NOVELTY_SECONDS = 10.0
#: Interval of packing what a lane has run together: some 200 KB, and a twentieth of a second.
_EXPLORED_SECONDS = 60.0


class NodeLane:
    """A lane on this node: the build, the space of the sweep, and this node's share of that."""

    def __init__(self, shard: Shard, paths: StatePaths) -> None:
        """Raises UserError where it can't be built here, MissingBuildError and OSError."""
        self.python: Interpreter = find_python(shard.version, shard.job.python)
        spec = parse_target(shard.job.target)
        if spec.recipe:
            spec = replace(spec, recipe=_write_recipe(shard.recipe, paths, shard.lane))
        made, self.remark = get_build(spec, self.python, shard)
        self.spec, self.target = spec, str(spec)
        space = make_space(made)
        blocks = ((str(cell), len(list(space.list_blocks(cell)))) for cell in space.cells)
        self.build = made.id
        self.space = Space(space.identity, tuple(blocks))
        self.share = NodeLedger(paths.sweep(shard.lane), self.space.identity, self.space.cells)
        self._novelty = NoveltyShare(paths.novelty(shard.lane), shard.novelty_before)
        self._explored = paths.explored(shard.lane)
        self._next_novelty = 0.0
        self._next_explored = time.monotonic() + _EXPLORED_SECONDS

    def merge_novelty(self, changes: bytes) -> None:
        """Merge counts of features. Raises OSError."""
        if changes:
            self._novelty.merge(changes)

    def take_novelty(self) -> bytes:
        """List counts of features that were raised here; not each time, for it takes a while."""
        if time.monotonic() < self._next_novelty:
            return b""
        self._next_novelty = time.monotonic() + _NOVELTY_SECONDS
        return self._novelty.take_changes()

    def pack_explored(self, *, at_the_end: bool) -> bytes:
        """Pack the combinations of words that were run here, now and then and at the end."""
        if not at_the_end and time.monotonic() < self._next_explored:
            return b""
        self._next_explored = time.monotonic() + _EXPLORED_SECONDS
        return pack_explored(self._explored)


def _write_recipe(text: str, paths: StatePaths, lane: int) -> Path:
    recipe = paths.campaign / f"recipe-{lane}.toml"
    recipe.write_text(text, encoding="utf-8")
    return recipe
