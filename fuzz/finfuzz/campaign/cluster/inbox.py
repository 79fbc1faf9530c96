"""The results of Dask's tasks, fetched by a thread: the supervisor never waits for one."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from typing import Any


class Inbox:
    """Results as they come. ``fd`` is readable when there is one."""

    def __init__(self) -> None:
        self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._done: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[tuple[str, bytes | Exception]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._fetch, name="finfuzz inbox", daemon=True)
        self._thread.start()

    def watch(self, name: str, future: Any) -> None:
        """Fetch the result of a task, a Dask future, when it is there."""
        future.add_done_callback(lambda done: self._done.put((name, done)))

    def put(self, name: str, result: bytes | Exception) -> None:
        """Put a result that is no task's."""
        self._results.put((name, result))
        with contextlib.suppress(OSError):  # closed
            os.eventfd_write(self.fd, 1)

    def take(self) -> list[tuple[str, bytes | Exception]]:
        """Take the results that have come."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self.fd)
        found = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._results.get_nowait())
        return found

    def close(self) -> None:
        self._done.put(("", None))
        self._thread.join(5)
        os.close(self.fd)

    def _fetch(self) -> None:
        while (item := self._done.get())[1] is not None:
            name, future = item
            try:
                self.put(name, future.result())
            except Exception as error:  # the task's own, or Dask's: its node is lost
                self.put(name, error)
            future.release()
