"""Runs a campaign: starts the worker, sorts what it sees, shows how it goes, sums it up."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import msgspec

from fuzz.campaign.config import Config
from fuzz.campaign.messages import Again, Elsewise, Ended, Message, Progress, Sighting, receive
from fuzz.campaign.screen import Screen
from fuzz.campaign.summary import Summary, summarize
from fuzz.executor import process
from fuzz.executor.limits import Limits
from fuzz.target.build import Build
from fuzz.triage.diagnose import Diagnosis
from fuzz.triage.filing import Origin
from fuzz.triage.routes import Way, way_of
from fuzz.triage.sort import Sorter

_LIBFUZZER = re.compile(r"\b(cov|ft|corp): (\d+)")
#: Sorting compiles and runs for minutes beside the worker: at nice 10 that took a sixth of its rate
#: on two cores (tools/bench.py triage). The scheduler gives the nicest a seventieth of a core.
_GIVES_WAY = 19
#: Counts that a killed supervisor may take along are at most so old.
_SAVE_SECONDS = 10.0
_NOTHING = Progress(0, 0.0, (0, 0, 0), 0)


def run_campaign(config: Config, target: Build, screen: Screen) -> Summary:
    """Runs until the time is up, Ctrl-C, or the worker can't go on; the summary says which."""
    process.adopt_orphans()
    limits = Limits(config.deadline, config.memory_mib, config.abuse)
    sorter = Sorter(
        target,
        Path(config.crashes),
        limits,
        Origin(config.engine, config.seed),
        announce=screen.note,
    )
    worker = _Worker(config)
    # What sorts gives way to what fuzzes: the worker has been started, all else inherits this.
    os.nice(_GIVES_WAY)
    try:
        campaign = _Campaign(worker, sorter, screen, attribute=config.attribute)
        with _Interruptible(campaign.interrupt):
            campaign.run()
    finally:
        worker.close()
        sorter.close()
    return summarize(
        config,
        target.interpreter.text,
        worker.progress,
        sorter,
        worker.libfuzzer,
        interrupted=campaign.interrupted,
        problem=campaign.problem,
    )


class _Campaign:
    """The supervisor's side of one campaign."""

    def __init__(self, worker: _Worker, sorter: Sorter, screen: Screen, *, attribute: bool) -> None:
        self._worker, self._sorter, self._screen = worker, sorter, screen
        self._attribute = attribute
        self._looks: dict[int, tuple[Diagnosis, ...]] = {}
        self._ways: dict[tuple[int, int], Way] = {}
        self._next_save = time.monotonic() + _SAVE_SECONDS
        self.interrupted = False
        self.problem = ""

    def run(self) -> None:
        """Takes messages until the worker is gone."""
        ended = False
        with self._screen.watching(self._status):
            while (message := self._next_message()) is not None:
                if isinstance(message, Ended):
                    ended = True
                    self.problem = message.problem
                else:
                    self._take(message)
            self._work_off()
        if not ended and not self.interrupted:
            self.problem = f"the worker ended before its time: {self._worker.end()}"

    def interrupt(self) -> None:
        """Ctrl-C: the worker stops; what it has seen already is still sorted."""
        self.interrupted = True
        self._worker.stop()
        self._screen.note("stopping: what was seen is being sorted (Ctrl-C again leaves it)")

    def _next_message(self) -> Message | None:
        """The worker's next word, None after its last. While it has none, what was put off is done
        a piece at a time."""
        if time.monotonic() >= self._next_save:
            self._sorter.save()
            self._next_save = time.monotonic() + _SAVE_SECONDS
        while self._attribute and not self.interrupted:
            with contextlib.suppress(queue.Empty):
                return self._worker.messages.get_nowait()
            if not self._sorter.work():
                break
        return self._worker.messages.get()

    def _work_off(self) -> None:
        if self._attribute and self._sorter.waiting:
            self._screen.note(
                "the time is up; what is new is run on its controls (Ctrl-C leaves it)"
            )
        while self._attribute and not self.interrupted and self._sorter.work():
            pass
        left = {folder.name for folder in self._sorter.waiting}
        if left:
            self._screen.note(f"{len(left)} findings are not attributed yet: finfuzz attribute")

    def _take(self, message: Message) -> None:
        if isinstance(message, Sighting):
            self._ways[message.look, 0] = way_of(message.text)
            self._looks[message.look] = self._sorter.sight(
                message.text, message.outcome, message.execution, message.seconds
            )
        elif isinstance(message, Elsewise):
            self._ways[message.look, message.route] = way_of(message.text)
            self._count(message.look, message.route)
        elif isinstance(message, Again):
            self._count(message.look, message.route)

    def _count(self, look: int, route: int) -> None:
        for diagnosis in self._looks.get(look, ()):
            self._sorter.count(diagnosis, self._ways.get((look, route)))

    def _status(self) -> tuple[str, float]:
        progress = self._worker.progress
        rate = progress.executions / progress.seconds if progress.seconds else 0
        parts = [f"{progress.executions:,} executions", f"{rate:.0f}/s"]
        if "corp" in self._worker.libfuzzer:
            parts.append("corpus {corp}, features {ft}".format(**self._worker.libfuzzer))
        known = sum(self._sorter.known.values())
        parts.append(f"findings {len(self._sorter.seen)}" + (f", known {known}" if known else ""))
        return " · ".join(parts), progress.seconds


class _Worker:
    """The worker process, with its pipes drained by threads so that it never waits for triage."""

    def __init__(self, config: Config) -> None:
        read, write = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "fuzz.campaign.worker", str(write)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(write,),
        )
        os.close(write)
        assert self._process.stdin is not None
        with self._process.stdin as stdin:
            stdin.write(msgspec.json.encode(config))
        self.messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self.libfuzzer: dict[str, int] = {}
        self.progress = _NOTHING
        self._said: deque[str] = deque(maxlen=50)
        self._threads = [
            threading.Thread(target=self._receive, args=(read,), daemon=True),
            threading.Thread(target=self._listen, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Asks it to end after the program under way."""
        self._process.send_signal(signal.SIGTERM)

    def close(self) -> None:
        """Makes sure that it and all it started are gone."""
        process.end_tree(self._process.pid)
        self._process.wait()
        for thread in self._threads:
            thread.join()

    def end(self) -> str:
        """How it ended: the signal that killed it, or the last line it wrote."""
        code = self._process.wait()
        if code < 0:
            return f"killed by {signal.Signals(-code).name}"
        self._threads[1].join()
        return next((line for line in reversed(self._said) if line), "it said nothing")

    def _receive(self, fd: int) -> None:
        with os.fdopen(fd, "rb") as file:
            for message in receive(file):
                # How far it is must not wait behind sightings that take seconds to sort.
                if isinstance(message, Progress | Ended):
                    self.progress = message if isinstance(message, Progress) else message.progress
                if not isinstance(message, Progress):
                    self.messages.put(message)
        self.messages.put(None)

    def _listen(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stderr:
            for raw in stderr:
                line = raw.decode("utf-8", "replace").rstrip()
                if line.startswith("#"):
                    self.libfuzzer.update((key, int(n)) for key, n in _LIBFUZZER.findall(line))
                else:
                    self._said.append(line)


class _Interruptible:
    """Within it the first Ctrl-C (or SIGTERM) calls ``stop``, a second one interrupts."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._asked = False

    def __enter__(self) -> None:
        self._before = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGINT, signal.SIGTERM)
        }

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        self._stop()
