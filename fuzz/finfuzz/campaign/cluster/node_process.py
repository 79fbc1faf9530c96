"""A worker process on a node, which lives on between shards, and what it has done since the last.

So a shard costs no start of a CPython, of a zygote and of libFuzzer, and the process works on
while a batch travels. It ends when no shard has asked for it for a while: the supervisor is gone.
"""

from __future__ import annotations

import selectors
import threading
import time
import uuid

from finfuzz.campaign.cluster.draft import Draft
from finfuzz.campaign.messages import FromWorker
from finfuzz.campaign.supervisor.worker_pool import (
    STOP_SECONDS,
    UNRESPONSIVE_SECONDS,
    Worker,
)
from finfuzz.campaign.worker.job import Job
from finfuzz.executor import process

#: Time that a process works on without a shard: some shards' length, for a busy scheduler.
_LEASE_SECONDS = 20.0
_TICK_SECONDS = 0.5


class NodeProcess:
    """A worker process on a lane, read by a thread of its own.

    The thread also starts it: the kernel ends the process when the thread that started it ends.
    ``in_use``: whether a shard waits for it; guarded by the node's lock.
    """

    def __init__(self, lane: int, job: Job) -> None:
        self.id = uuid.uuid4().hex[:16]
        self.lane = lane
        self.in_use = False
        self._job = job
        self._lock = threading.Lock()
        self._draft = Draft()
        self._stopped = False
        self._ending = ""
        self._lease_ends = time.monotonic() + _LEASE_SECONDS
        self._stop_by: float | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._attend, name="finfuzz worker", daemon=True)
        self._thread.start()

    @property
    def has_ended(self) -> bool:
        return self._ended.is_set()

    def wait(self, seconds: float) -> None:
        """Let it work for so long, or until it ends."""
        with self._lock:
            self._lease_ends = time.monotonic() + seconds + _LEASE_SECONDS
        self._ended.wait(seconds)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Ask it to end; wait for that, and kill it after so long."""
        with self._lock:
            self._stop_by = time.monotonic() + seconds
        self._ended.wait(seconds + 2 * _TICK_SECONDS + 10)

    def take(self) -> tuple[tuple[FromWorker, ...], dict[str, int], float]:
        """Take the messages of a batch, libFuzzer's figures, and the seconds fuzzed in all."""
        with self._lock:
            return *self._draft.take(), self._draft.seconds

    @property
    def ending(self) -> str:
        """Why the process ended though nobody had asked it to; empty where it ended in order."""
        with self._lock:
            if self._draft.problem or (self._draft.problem is None and not self._stopped):
                return self._draft.problem or self._ending
            return ""

    def _attend(self) -> None:
        try:
            worker = Worker(0, self.lane, self._job)
        except OSError as error:
            self._ending = f"can't start a worker: {error.strerror}"
            self._ended.set()
            return
        with selectors.DefaultSelector() as selector:
            selector.register(worker.pipe, selectors.EVENT_READ)
            selector.register(worker.stderr, selectors.EVENT_READ)
            while self._read(worker, selector):
                self._watch(worker)
        self._stopped, self._ending = worker.stopped, worker.close()
        self._ended.set()

    def _read(self, worker: Worker, selector: selectors.BaseSelector) -> bool:
        """Read what has arrived; False when the process is gone."""
        for key, _ in selector.select(_TICK_SECONDS):
            if key.fd == worker.pipe:
                messages = worker.read()
                if messages is None:
                    return False
                with self._lock:
                    for message in messages:
                        self._draft.add(message)
            elif (figures := worker.read_libfuzzer()) is None:
                selector.unregister(key.fd)
            else:
                with self._lock:
                    self._draft.add_figures(figures)
        return True

    def _watch(self, worker: Worker) -> None:
        """Stop a process that nobody asks for; kill one that does not answer."""
        now = time.monotonic()
        with self._lock:
            if self._stop_by is None and now > self._lease_ends:
                self._stop_by = now + STOP_SECONDS
            stop_by = self._stop_by
        if stop_by is not None and not worker.stopped:
            worker.stop()
        limit = UNRESPONSIVE_SECONDS + self._job.deadline
        if (stop_by is not None and now > stop_by) or now - worker.last_message_at > limit:
            process.end_tree(worker.pid)
