"""The workers of a campaign as the supervisor sees them: processes here, or on a cluster."""

from __future__ import annotations

import selectors
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from typing import Protocol

from finfuzz.campaign.messages import FromWorker
from finfuzz.campaign.plan import Plan
from finfuzz.campaign.totals import Totals

#: Time that a worker stays on one of several lanes: a start costs a second, and loads the corpus.
#: In a short campaign each lane gets four turns, unless they would be too short.
_SLICE_SECONDS = (3.0, 300.0)
_TURNS = 4
#: A lane is abandoned when so many of its workers in a row end within ten seconds of work.
FAILURES = 3
WORKED_SECONDS = 10.0
#: A lane rests so long before its last try: a machine may have no process left to give for some
#: seconds, and a week's campaign must not end over that.
_REST_SECONDS = 5.0


class Member:
    """A worker of a pool. ``slot``: its number in the totals. ``problem``: why it can't go on.

    ``complete``: it found no program of the sweep left that nobody runs.
    """

    def __init__(self, slot: int, lane: int) -> None:
        self.slot, self.lane = slot, lane
        self.finished = False
        self.complete = False
        self.stopped = False
        self.problem = ""


class Messages(Protocol):
    """The reader of the workers' messages."""

    def take(self, worker: Member, message: FromWorker) -> None:
        """Apply a message of a worker."""

    def take_libfuzzer(self, worker: Member, figures: dict[str, int]) -> None:
        """Apply the figures of a worker's libFuzzer."""


class Pool(ABC):
    """Workers, each on the lane that is furthest below its share.

    ``abandoned``: lanes that can't be fuzzed, with the reason. ``complete``: lanes whose sweep has
    no program left. ``replaced``: workers that ended early. ``address``: of a cluster's scheduler.
    """

    address = ""

    def __init__(self, plan: Plan, totals: Totals) -> None:
        self._plan, self._totals = plan, totals
        self._failures = [0] * len(plan.lanes)
        self._rests_until = [0.0] * len(plan.lanes)
        self.abandoned: dict[int, str] = {}
        self.complete: set[int] = set()
        self.replaced = 0

    @property
    def size(self) -> int:
        return self._plan.workers

    @property
    @abstractmethod
    def elapsed(self) -> float:
        """The seconds of fuzzing by the clock."""

    @property
    def busy(self) -> bool:
        """Whether a worker still runs, or has something to hand over."""
        return bool(self._busy_lanes)

    @property
    @abstractmethod
    def pids(self) -> list[int]:
        """The processes of this machine that the pool has started."""

    @property
    @abstractmethod
    def _busy_lanes(self) -> list[int]:
        """The lane of each worker that runs."""

    @property
    def exhausted(self) -> bool:
        """Whether no lane is left to be fuzzed, and no worker is at the last of a sweep."""
        at_last = any(lane in self.complete for lane in self._busy_lanes)
        return not self._open_lanes and not at_last

    @abstractmethod
    def attach(
        self,
        selector: selectors.BaseSelector,
        messages: Messages,
        announce: Callable[[str], None],
        note_end: Callable[[str], None],
    ) -> None:
        """Read what workers send in the supervisor's loop.

        ``announce`` shows a line. ``note_end`` is called when a worker has ended, with what to
        announce about that, if anything.
        """

    @abstractmethod
    def start_missing(self) -> object:
        """Give work to each worker that has none."""

    @abstractmethod
    def check(self) -> None:
        """Kill workers that are unresponsive."""

    @abstractmethod
    def stop(self) -> None:
        """Ask all workers to end after the program that they run."""

    @abstractmethod
    def kill_late(self, stopped_at: float) -> None:
        """Kill all workers if they have had enough time since they were stopped."""

    @abstractmethod
    def close(self) -> None:
        """End what still runs."""

    @property
    def _open_lanes(self) -> list[int]:
        closed = self.complete.union(self.abandoned)
        return [lane for lane in range(len(self._plan.lanes)) if lane not in closed]

    @property
    def _rested_lanes(self) -> list[int]:
        now = time.monotonic()
        return [lane for lane in self._open_lanes if now >= self._rests_until[lane]]

    def _judge_end(self, member: Member, worked: float, ending: str) -> str:
        """Count a worker that has ended; return what to announce, if anything.

        ``worked``: seconds that it fuzzed. ``ending``: how its process ended.
        """
        if not member.complete:  # it may have left a part of the sweep
            self.complete.discard(member.lane)
        if (member.finished or member.stopped) and not member.problem:
            self._failures[member.lane] = 0
            return ""
        problem = member.problem or ending
        self.replaced += 1
        self._failures[member.lane] += 1
        if worked >= WORKED_SECONDS:
            self._failures[member.lane] = 1
        name = str(self._plan.lanes[member.lane])
        if self._failures[member.lane] >= FAILURES:
            self.abandoned[member.lane] = problem
            return f"giving up on {name}: its workers keep ending: {problem}"
        if self._failures[member.lane] == FAILURES - 1:
            self._rests_until[member.lane] = time.monotonic() + _REST_SECONDS
        return f"a worker on {name} is gone ({problem}); starting another"

    @property
    def _slice(self) -> float:
        shortest, longest = _SLICE_SECONDS
        plan = self._plan
        turn = plan.seconds * plan.workers / len(plan.lanes) / _TURNS
        return min(longest, max(shortest, turn))

    def _find_next_lane(self, among: Collection[int] | None = None) -> int:
        """Find the lane furthest below its share, running workers' time included.

        ``among``: lanes to choose from; at least one must be open.
        """
        busy = [0] * len(self._plan.lanes)
        for lane in self._busy_lanes:
            busy[lane] += 1
        lanes = [one for one in self._open_lanes if among is None or one in among]
        had = {
            number: (self._totals.lanes[number].total.seconds + busy[number] * self._slice)
            / lane.share
            for number in lanes
            for lane in (self._plan.lanes[number],)
        }
        return min(had, key=had.__getitem__)
