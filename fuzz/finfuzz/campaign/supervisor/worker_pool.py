"""The workers: which lane each works on and for how long, replaced when they die or fall silent."""

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
from finfuzz.campaign.worker.job import Config
from finfuzz.executor import process
from finfuzz.support.own_python import module_command

_LIBFUZZER = re.compile(r"\b(ft|corp): (\d+)")
#: With several lanes a worker changes lanes that often: a start costs it a second, and its corpus.
#: In a short campaign each lane has its turn four times, if that is worth a start.
_SLICE_SECONDS = (3.0, 300.0)
_TURNS = 4
#: A zygote is taken for dead 20 s after its deadline; a worker that says nothing for longer, too.
_SILENCE_SECONDS = 60.0
#: A lane whose workers end so often without ten seconds of work in a row can't be fuzzed.
_FAILURES = 3
_WORKED_SECONDS = 10.0


class Worker:
    """A worker process on one lane. ``pipe`` and ``stderr`` are to be read when they can be."""

    def __init__(self, slot: int, lane: int, config: Config) -> None:
        self.slot, self.lane = slot, lane
        self.pipe, write = os.pipe()
        with process.deaf_to_terminal():
            self._started = subprocess.Popen(
                module_command("finfuzz.campaign.worker.process", write),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(write,),
            )
        os.close(write)
        assert self._started.stdin is not None
        # Its death, should it be gone already, is told by the other pipe.
        with contextlib.suppress(BrokenPipeError), self._started.stdin as stdin:
            stdin.write(msgspec.json.encode(config))
        self._channel: Channel[FromWorker] = Channel(FromWorker)
        self._said: deque[str] = deque(maxlen=20)
        self._line = b""
        self.heard = time.monotonic()
        self.ended = False
        self.stopped = False
        self.problem = ""

    @property
    def pid(self) -> int:
        return self._started.pid

    @property
    def stderr(self) -> int:
        assert self._started.stderr is not None
        return self._started.stderr.fileno()

    def read(self) -> list[FromWorker] | None:
        """What it says now; None where it is gone."""
        data = os.read(self.pipe, 1 << 18)
        self.heard = time.monotonic()
        return list(self._channel.feed(data)) if data else None

    def listen(self) -> dict[str, int] | None:
        """What its libFuzzer says on standard error now; None once it is closed."""
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
                self._said.append(line)
        return figures

    def stop(self) -> None:
        """Asks it to end after the program under way. One that has just been started may not hear
        that yet, and ends without a word."""
        self.stopped = True
        self._started.send_signal(signal.SIGTERM)

    def close(self) -> str:
        """Makes sure that it and all it started are gone; returns how it ended."""
        process.end_tree(self.pid)
        code = self._started.wait()
        os.close(self.pipe)
        assert self._started.stderr is not None
        self._said.extend(
            line.decode("utf-8", "replace")
            for line in self._started.stderr.read().splitlines()
            if not line.startswith(b"#")
        )
        self._started.stderr.close()
        if code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return next((line for line in reversed(self._said) if line), "it said nothing")


class WorkerPool:
    """As many workers as the plan says, on the lanes that have had the least of their share."""

    def __init__(self, plan: Plan, state: State, totals: Totals) -> None:
        self._plan, self._state, self._totals = plan, state, totals
        self.workers: dict[int, Worker] = {}
        self._failures = [0] * len(plan.lanes)
        self._begun = 0
        self.given_up: dict[int, str] = {}
        self.replaced = 0

    @property
    def elapsed(self) -> float:
        """Seconds of fuzzing by the clock: workers' seconds, divided by the workers."""
        return self._totals.total.seconds / self._plan.workers

    @property
    def lost(self) -> bool:
        """Whether no lane is left that can be fuzzed."""
        return len(self.given_up) == len(self._plan.lanes)

    def start_missing(self) -> list[Worker]:
        """Starts a worker in each slot that has none."""
        started = []
        for slot in range(self._plan.workers):
            if slot not in self.workers and not self.lost:
                self.workers[slot] = self._start(slot)
                started.append(self.workers[slot])
        return started

    def stop(self) -> None:
        for worker in self.workers.values():
            worker.stop()

    def silent(self) -> list[Worker]:
        """Those that have said nothing for longer than any program may take."""
        limit = _SILENCE_SECONDS + self._plan.bounds.deadline
        now = time.monotonic()
        return [one for one in self.workers.values() if now - one.heard > limit]

    def gone(self, worker: Worker) -> str:
        """After a worker's end: settles what it did, and returns what to say of it, if anything."""
        del self.workers[worker.slot]
        lane = self._totals.lanes[worker.lane]
        worked = lane.running[worker.slot].seconds if worker.slot in lane.running else 0.0
        lane.settle(worker.slot)
        how = worker.close()
        if (worker.ended or worker.stopped) and not worker.problem:
            return ""
        problem = worker.problem or how
        self.replaced += 1
        self._failures[worker.lane] += 1
        if worked >= _WORKED_SECONDS:
            self._failures[worker.lane] = 1
        name = str(self._plan.lanes[worker.lane])
        if self._failures[worker.lane] >= _FAILURES:
            self.given_up[worker.lane] = problem
            return f"{name}: given up: its workers don't stay: {problem}"
        return f"a worker on {name} is gone ({problem}): another one goes on"

    def close(self) -> None:
        for worker in list(self.workers.values()):
            self.gone(worker)

    def _start(self, slot: int) -> Worker:
        lane = self._next_lane()
        plan, number = self._plan, self._begun
        self._begun += 1
        target = plan.lanes[lane]
        bounds = plan.bounds
        remaining = max(plan.seconds - self.elapsed, 0.1)
        config = Config(
            target=target.target,
            python=target.python,
            seconds=remaining if len(plan.lanes) == 1 else min(remaining, self._slice),
            engine=plan.engine,
            seed=(plan.seed + number * 7919 + self._totals.total.executions) % 2**31,
            live=str(self._state.live),
            corpus=str(self._state.corpus),
            sightings=str(self._state.sightings(lane)),
            shared=plan.workers > 1,
            deadline=bounds.deadline,
            memory_mib=bounds.memory_mib,
            abuse=plan.abuse,
            tallies=self._totals.lanes[lane].tallies,
        )
        return Worker(slot, lane, config)

    @property
    def _slice(self) -> float:
        shortest, longest = _SLICE_SECONDS
        plan = self._plan
        turn = plan.seconds * plan.workers / len(plan.lanes) / _TURNS
        return min(longest, max(shortest, turn))

    def _next_lane(self) -> int:
        """The lane that has had the least of its share, those that are worked on now included."""
        busy = [0] * len(self._plan.lanes)
        for worker in self.workers.values():
            busy[worker.lane] += 1
        had = {
            number: (self._totals.lanes[number].total.seconds + busy[number] * self._slice)
            / lane.share
            for number, lane in enumerate(self._plan.lanes)
            if number not in self.given_up
        }
        return min(had, key=had.__getitem__)
