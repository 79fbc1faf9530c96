"""The pool of workers: it chooses each one's lane and time, and replaces those that end early."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from finfuzz.campaign.folder import State
from finfuzz.campaign.messages import Channel, FromWorker
from finfuzz.campaign.plan import Lane, Plan
from finfuzz.campaign.supervisor.pool import Member, Messages, Pool
from finfuzz.campaign.totals import Totals
from finfuzz.campaign.worker.job import Job, make_job
from finfuzz.executor import process
from finfuzz.executor.limits import Limits
from finfuzz.support.own_python import module_command
from finfuzz.targets.instrumentation import read_instrumentation

_LIBFUZZER = re.compile(r"\b(ft|corp): (\d+)")
#: A worker gives a zygote up 40 s after its deadline; the supervisor gives a worker longer.
UNRESPONSIVE_SECONDS = 60.0
#: A stopped worker may need so long beyond its deadline, for the program that it runs.
STOP_SECONDS = 30.0


class Worker(Member):
    """A worker process on one lane. The pool reads ``pipe`` and ``stderr``."""

    def __init__(self, slot: int, lane: int, job: Job) -> None:
        super().__init__(slot, lane)
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


class WorkerPool(Pool):
    """The workers of a plan, as processes of this machine."""

    def __init__(self, plan: Plan, state: State, totals: Totals) -> None:
        super().__init__(plan, totals)
        self._state = state
        self._deadlines = [_find_deadline(plan, lane) for lane in plan.lanes]
        self.workers: dict[int, Worker] = {}
        self._started = 0
        self._selector: selectors.BaseSelector = selectors.DefaultSelector()
        self._messages: Messages
        self._announce: Callable[[str], None]
        self._note_end: Callable[[str], None]

    @property
    def elapsed(self) -> float:
        """The seconds of fuzzing by the clock: the workers' seconds, divided by their number."""
        return self._totals.total.seconds / self._plan.workers

    @property
    def pids(self) -> list[int]:
        return [worker.pid for worker in self.workers.values()]

    @property
    def _busy_lanes(self) -> list[int]:
        return [worker.lane for worker in self.workers.values()]

    def attach(
        self,
        selector: selectors.BaseSelector,
        messages: Messages,
        announce: Callable[[str], None],
        note_end: Callable[[str], None],
    ) -> None:
        """Read the workers' messages in the supervisor's loop."""
        self._selector, self._messages = selector, messages
        self._announce, self._note_end = announce, note_end

    def start_missing(self) -> list[Worker]:
        """Start a worker in each slot that has none; return those."""
        started = []
        for slot in range(self._plan.workers):
            if slot not in self.workers and (lanes := self._rested_lanes):
                worker = self.workers[slot] = self._start(slot, lanes)
                self._register(worker)
                started.append(worker)
        return started

    def check(self) -> None:
        """Kill workers that have sent nothing for longer than any program may take."""
        for worker in self.find_unresponsive():
            lane = self._plan.lanes[worker.lane]
            self._announce(f"a worker on {lane} is unresponsive; killing it")
            worker.last_message_at = time.monotonic()
            process.end_tree(worker.pid)

    def stop(self) -> None:
        for worker in self.workers.values():
            worker.stop()

    def kill_late(self, stopped_at: float) -> None:
        """Kill the workers that have had enough time since they were stopped."""
        late = time.monotonic() - stopped_at - STOP_SECONDS
        for worker in self.workers.values():
            if late > self._deadlines[worker.lane]:
                process.end_tree(worker.pid)

    def find_unresponsive(self) -> list[Worker]:
        """Find workers without a message for longer than any program may take."""
        silent_since = time.monotonic() - UNRESPONSIVE_SECONDS
        return [
            one
            for one in self.workers.values()
            if silent_since - one.last_message_at > self._deadlines[one.lane]
        ]

    def remove(self, worker: Worker) -> str:
        """Remove a worker that has ended; return what to announce, if anything."""
        for file in (worker.pipe, worker.stderr):
            with contextlib.suppress(KeyError):
                self._selector.unregister(file)
        del self.workers[worker.slot]
        lane = self._totals.lanes[worker.lane]
        worked = lane.running[worker.slot].seconds if worker.slot in lane.running else 0.0
        lane.finish_worker(worker.slot)
        return self._judge_end(worker, worked, worker.close())

    def close(self) -> None:
        for worker in list(self.workers.values()):
            self.remove(worker)

    def _register(self, worker: Worker) -> None:
        read = selectors.EVENT_READ
        self._selector.register(worker.pipe, read, lambda: self._read(worker))
        self._selector.register(worker.stderr, read, lambda: self._read_libfuzzer(worker))

    def _read(self, worker: Worker) -> None:
        messages = worker.read()
        if messages is None:
            self._note_end(self.remove(worker))
            return
        for message in messages:
            self._messages.take(worker, message)

    def _read_libfuzzer(self, worker: Worker) -> None:
        figures = worker.read_libfuzzer()
        if figures is None:
            self._selector.unregister(worker.stderr)
        else:
            self._messages.take_libfuzzer(worker, figures)

    def _start(self, slot: int, lanes: list[int]) -> Worker:
        lane = self._find_next_lane(lanes)
        remaining = max(self._plan.seconds - self.elapsed, 0.1)
        seconds = remaining if len(self._plan.lanes) == 1 else min(remaining, self._slice)
        number, self._started = self._started, self._started + 1
        job = make_job(self._plan, self._totals, self._state, lane, number, seconds)
        return Worker(slot, lane, job)


def _find_deadline(plan: Plan, lane: Lane) -> float:
    """Find how long a child of a lane may take: longer where its CPython has a sanitizer."""
    return Limits(plan.bounds.deadline).fit(read_instrumentation(Path(lane.python))).deadline
