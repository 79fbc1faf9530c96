"""The controls and instruments of new findings, which run piece by piece when there is time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from finfuzz.executor.limits import Limits
from finfuzz.support.durations import estimate_rest
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build
from finfuzz.triage.attribution.attribute import attribute_finding
from finfuzz.triage.attribution.elsewhere import try_elsewhere
from finfuzz.triage.attribution.nodes import Nodes
from finfuzz.triage.findings.finding import load
from finfuzz.triage.instruments.escalate import escalate

WorkName = Literal["controls", "trial on another node", "instruments"]


class Progress(NamedTuple):
    """A part of the deferred work on a finding: how far it is.

    ``of``: 0 where nobody knows yet how many there are. ``left``: estimated seconds, None where
    too little was measured.
    """

    folder: Path
    name: WorkName
    done: int
    of: int
    left: float | None


@dataclass
class _Work:
    folder: Path
    name: WorkName
    pieces: Iterator[tuple[int, int]]
    ran: int = 0
    seconds: float = 0.0

    def run(self) -> Progress:
        """Run a piece. Raise StopIteration where none is left."""
        begin = time.monotonic()
        done, of = next(self.pieces)
        self.ran += 1
        self.seconds += time.monotonic() - begin
        left = estimate_rest(self.ran, of - done, self.seconds)
        return Progress(self.folder, self.name, done, of, left)


class Deferred:
    """Two queues: first the owner of every finding, then the rest, unless ``owner_only``.

    ``announce`` receives a line before each thing that takes time, and each owner. ``nodes``: of a
    cluster, which take a part of it.
    """

    def __init__(
        self,
        made: Build,
        limits: Limits,
        announce: Callable[[str], None],
        *,
        owner_only: bool = False,
        nodes: Nodes | None = None,
    ) -> None:
        self._nodes = nodes
        self._build, self._limits, self._announce = made, limits, announce
        self._owner_only = owner_only
        self._owners: deque[_Work] = deque()
        self._later: deque[_Work] = deque()
        self.progress: Progress | None = None

    @property
    def waiting(self) -> list[Path]:
        """The findings with work left."""
        return list(dict.fromkeys(work.folder for work in (*self._owners, *self._later)))

    @property
    def lacks_owner(self) -> bool:
        """Whether there is a finding whose owner is not known yet."""
        return bool(self._owners)

    def add(self, folder: Path) -> None:
        """Queue a finding's controls and instruments."""
        subject = (folder, self._build.spec, self._build.interpreter, self._limits, self._announce)
        owner_only, nodes = self._owner_only, self._nodes
        controls = attribute_finding(*subject, owner_only=owner_only, nodes=nodes)
        self._owners.append(_Work(folder, "controls", controls))
        if nodes is not None:
            trial = try_elsewhere(folder, self._build.spec, self._limits, nodes, self._announce)
            self._later.append(_Work(folder, "trial on another node", trial))
        if not self._owner_only:
            self._later.append(_Work(folder, "instruments", escalate(*subject)))

    def drop(self, folder: Path) -> None:
        """Forget the work on a finding that is no more."""
        for queue in (self._owners, self._later):
            kept = [work for work in queue if work.folder != folder]
            queue.clear()
            queue.extend(kept)

    def work(self) -> bool:
        """Run a piece, of the oldest finding first. False if there is none.

        Afterwards ``progress`` tells what was run.
        """
        while queue := self._owners or self._later:
            work = queue[0]
            try:
                self.progress = work.run()
                if queue is self._owners and load(work.folder).attribution is not None:
                    self._later.append(queue.popleft())
                    self._announce_owner(work.folder)
                return True
            except StopIteration:
                queue.popleft()
                if queue is self._owners:
                    self._announce_owner(work.folder)
            except UserError as error:
                queue.popleft()
                self._announce(f"{work.folder.name}: {error}")
        self.progress = None
        return False

    def _announce_owner(self, folder: Path) -> None:
        attribution = load(folder).attribution
        if attribution is not None:
            self._announce(f"{folder.name}: {attribution}")
