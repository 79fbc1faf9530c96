"""Telling a triage process that is stuck from one that is slow, on however busy a machine."""

from __future__ import annotations

import contextlib
import time

import psutil

#: No process of triage's has used a core for so long: it was stopped, or waits for ever. On a busy
#: machine, a process that can run gets a core every second; a download may be retried for a minute.
_IDLE_SECONDS = 300.0
#: Triage itself has computed for so long without a message and without any work of its children.
#: To read the symbols of a CPython takes it some seconds.
_COMPUTING_SECONDS = 120.0
#: However busy its children are: each build, control and instrument begins with a message.
_SILENT_SECONDS = 3600.0


class TriageWatch:
    """The signs of life of a triage process while it has a request."""

    def __init__(self) -> None:
        self.note_message()

    def note_message(self) -> None:
        """Take note that a request was sent, or that a message has come."""
        self._message_at = self._moved_at = time.monotonic()
        self._times = (0.0, 0.0)
        self._computed: float | None = None

    def is_stuck(self, pid: int) -> bool:
        """Whether the process gives no sign of life any more. Call it every few seconds."""
        own, others = measure(pid)
        now = time.monotonic()
        if (own, others) != self._times:
            self._moved_at = now
        if self._computed is None or others != self._times[1]:
            self._computed = own
        self._times = (own, others)
        return (
            now - self._moved_at > _IDLE_SECONDS
            or own - self._computed > _COMPUTING_SECONDS
            or now - self._message_at > _SILENT_SECONDS
        )


def measure(pid: int) -> tuple[float, float]:
    """Measure the CPU seconds of a process, and those of its descendants, the ended ones too."""
    own = others = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        times = root.cpu_times()
        own = times.user + times.system
        others = times.children_user + times.children_system
        for child in root.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                others += sum(child.cpu_times()[:4])
    return own, others
