"""The pool of workers: it chooses each one's lane and time, and replaces those that end early."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections import deque

import msgspec

from finfuzz.campaign.folder import State
from finfuzz.campaign.messages import Channel, FromWorker
from finfuzz.campaign.plan import Plan
from finfuzz.campaign.totals import Totals
from finfuzz.campaign.worker.job import Job
from finfuzz.executor import process
from finfuzz.support.own_python import module_command

_LIBFUZZER = re.compile(r"\b(ft|corp): (\d+)")
#: Time that a worker stays on one of several lanes: a start costs a second, and loads the corpus.
#: In a short campaign each lane gets four turns, unless they would be too short.
_SLICE_SECONDS = (3.0, 300.0)
_TURNS = 4
#: A worker gives a zygote up 20 s after its deadline; the supervisor gives a worker longer.
_UNRESPONSIVE_SECONDS = 60.0
#: A stopped worker may need so long beyond its deadline, for the program that it runs.
_STOP_SECONDS = 30.0
#: A lane is abandoned when so many of its workers in a row end within ten seconds of work.
_FAILURES = 3
_WORKED_SECONDS = 10.0


class Worker:
    """A worker process on one lane. The supervisor reads ``pipe`` and ``stderr``."""

    def __init__(self, slot: int, lane: int, job: Job) -> None:
        self.slot, self.lane = slot, lane
        self.pipe, write = os.pipe()
        with process.deaf_to_terminal():
            self._process = subprocess.Popen(
                module_command("finfuzz.campaign.worker.process", write),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(write,),
            )
        os.close(write)
        assert self._process.stdin is not None
        # Where the process is gone already, ``read`` notices it.
        with contextlib.suppress(BrokenPipeError), self._process.stdin as stdin:
            stdin.write(msgspec.json.encode(job))
        self._channel: Channel[FromWorker] = Channel(FromWorker)
        self._stderr_lines: deque[str] = deque(maxlen=20)
        self._line = b""
        self.last_message_at = time.monotonic()
        self.finished = False
        self.stopped = False
        self.problem = ""

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def stderr(self) -> int:
        assert self._process.stderr is not None
        return self._process.stderr.fileno()

    def read(self) -> list[FromWorker] | None:
        """Read the messages that have arrived; None if the process is gone."""
        data = os.read(self.pipe, 1 << 18)
        self.last_message_at = time.monotonic()
        return list(self._channel.feed(data)) if data else None

    def read_libfuzzer(self) -> dict[str, int] | None:
        """Read libFuzzer's figures from standard error; None if that is closed."""
        data = os.read(self.stderr, 1 << 16)
        if not data:
            return None
        *lines, self._line = (self._line + data).split(b"\n")
        figures: dict[str, int] = {}
        for raw in lines:
            line = raw.decode("utf-8", "replace").rstrip()
            if line.startswith("#"):
                figures.update((key, int(number)) for key, number in _LIBFUZZER.findall(line))
            elif line:
                self._stderr_lines.append(line)
        return figures

    def stop(self) -> None:
        """Ask the worker to end after the current program.

        One that has just been started may end at once, without a message.
        """
        self.stopped = True
        self._process.send_signal(signal.SIGTERM)

    def close(self) -> str:
        """End the process and all that it started; return how it ended."""
        process.end_tree(self.pid)
        code = self._process.wait()
        os.close(self.pipe)
        assert self._process.stderr is not None
        self._stderr_lines.extend(
            line.decode("utf-8", "replace")
            for line in self._process.stderr.read().splitlines()
            if not line.startswith(b"#")
        )
        self._process.stderr.close()
        if code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return next((line for line in reversed(self._stderr_lines) if line), "no error message")


class WorkerPool:
    """The workers of a plan, each on the lane that is furthest below its share.

    ``abandoned``: lanes that can't be fuzzed, with the reason. ``complete``: lanes whose sweep has
    no program left.
    """

    def __init__(self, plan: Plan, state: State, totals: Totals) -> None:
        self._plan, self._state, self._totals = plan, state, totals
        self.workers: dict[int, Worker] = {}
        self._failures = [0] * len(plan.lanes)
        self._started = 0
        self.abandoned: dict[int, str] = {}
        self.complete: set[int] = set()
        self.replaced = 0

    @property
    def size(self) -> int:
        return self._plan.workers

    @property
    def elapsed(self) -> float:
        """The seconds of fuzzing by the clock: the workers' seconds, divided by their number."""
        return self._totals.total.seconds / self._plan.workers

    @property
    def exhausted(self) -> bool:
        """Whether no lane is left to be fuzzed, and no worker is at the last of a sweep."""
        at_last = any(worker.lane in self.complete for worker in self.workers.values())
        return not self._open_lanes and not at_last

    @property
    def _open_lanes(self) -> list[int]:
        closed = self.complete.union(self.abandoned)
        return [lane for lane in range(len(self._plan.lanes)) if lane not in closed]

    def start_missing(self) -> list[Worker]:
        """Start a worker in each slot that has none; return those."""
        started = []
        for slot in range(self._plan.workers):
            if slot not in self.workers and self._open_lanes:
                self.workers[slot] = self._start(slot)
                started.append(self.workers[slot])
        return started

    def stop(self) -> None:
        for worker in self.workers.values():
            worker.stop()

    def kill_late(self, stopped_at: float) -> None:
        """Kill all workers if they have had enough time since they were stopped."""
        patience = _STOP_SECONDS + self._plan.bounds.deadline
        if time.monotonic() - stopped_at > patience:
            for worker in self.workers.values():
                process.end_tree(worker.pid)

    def find_unresponsive(self) -> list[Worker]:
        """Find workers without a message for longer than any program may take."""
        limit = _UNRESPONSIVE_SECONDS + self._plan.bounds.deadline
        now = time.monotonic()
        return [one for one in self.workers.values() if now - one.last_message_at > limit]

    def remove(self, worker: Worker) -> str:
        """Remove a worker that has ended; return what to announce, if anything."""
        del self.workers[worker.slot]
        lane = self._totals.lanes[worker.lane]
        worked = lane.running[worker.slot].seconds if worker.slot in lane.running else 0.0
        lane.finish_worker(worker.slot)
        ending = worker.close()
        if (worker.finished or worker.stopped) and not worker.problem:
            return ""
        problem = worker.problem or ending
        self.complete.discard(worker.lane)  # it may have left a part of the sweep
        self.replaced += 1
        self._failures[worker.lane] += 1
        if worked >= _WORKED_SECONDS:
            self._failures[worker.lane] = 1
        name = str(self._plan.lanes[worker.lane])
        if self._failures[worker.lane] >= _FAILURES:
            self.abandoned[worker.lane] = problem
            return f"giving up on {name}: its workers keep ending: {problem}"
        return f"a worker on {name} is gone ({problem}); starting another"

    def close(self) -> None:
        for worker in list(self.workers.values()):
            self.remove(worker)

    def _start(self, slot: int) -> Worker:
        lane = self._find_next_lane()
        plan, number = self._plan, self._started
        self._started += 1
        target = plan.lanes[lane]
        bounds = plan.bounds
        remaining = max(plan.seconds - self.elapsed, 0.1)
        job = Job(
            target=target.target,
            python=target.python,
            seconds=remaining if len(plan.lanes) == 1 else min(remaining, self._slice),
            engine=plan.engine,
            seed=(plan.seed + number * 7919 + self._totals.total.executions) % 2**31,
            live=str(self._state.live),
            corpus=str(self._state.corpus),
            signatures=str(self._state.signatures(lane)),
            scratch=str(self._state.scratch),
            novelty=str(self._state.novelty(lane)),
            explored=str(self._state.explored(lane)),
            sweep=str(self._state.sweep(lane)),
            shared=plan.workers > 1 or plan.sync is not None,
            deadline=bounds.deadline,
            memory_mib=bounds.memory_mib,
            abuse=plan.abuse,
            tallies=self._totals.lanes[lane].tallies,
        )
        return Worker(slot, lane, job)

    @property
    def _slice(self) -> float:
        shortest, longest = _SLICE_SECONDS
        plan = self._plan
        turn = plan.seconds * plan.workers / len(plan.lanes) / _TURNS
        return min(longest, max(shortest, turn))

    def _find_next_lane(self) -> int:
        """Find the lane furthest below its share, running workers' time included."""
        busy = [0] * len(self._plan.lanes)
        for worker in self.workers.values():
            busy[worker.lane] += 1
        had = {
            number: (self._totals.lanes[number].total.seconds + busy[number] * self._slice)
            / lane.share
            for number in self._open_lanes
            for lane in (self._plan.lanes[number],)
        }
        return min(had, key=had.__getitem__)
