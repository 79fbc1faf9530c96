"""The supervisor's side of the process that exchanges what is found with other machines."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Callable

from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.messages import Announcement, Channel
from finfuzz.campaign.supervisor.triage_queue import TriageQueue
from finfuzz.campaign.sync.status import SyncStatus
from finfuzz.campaign.updates import TakeAttribution
from finfuzz.executor import process
from finfuzz.support.own_python import module_command

FromSync = SyncStatus | Announcement | TakeAttribution
#: Time for the last exchange of a campaign, and for a killed process to go: one that waits for a
#: network file system can't be killed before the server answers.
_LAST_SECONDS, _KILLED_SECONDS = 60.0, 2.0
#: A process that died is started again after so long.
_AGAIN_SECONDS = 10.0


class SyncClient:
    """The process, which ``turn`` starts. ``status``: what it last reported; None before.

    Its messages come by the supervisor's ``selector``; lines go to ``announce``.
    """

    def __init__(
        self,
        paths: StatePaths,
        selector: selectors.BaseSelector,
        queue: TriageQueue,
        announce: Callable[[str], None],
    ) -> None:
        self._paths, self._selector = paths, selector
        self._queue, self._announce = queue, announce
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel[FromSync] = Channel(FromSync)
        self._started_at = -_AGAIN_SECONDS
        self._pipe = -1
        self.status: SyncStatus | None = None

    @property
    def pids(self) -> set[int]:
        return {self._process.pid} if self._process else set()

    def turn(self) -> None:
        """Start the process if there is none: it may have died."""
        if self._process is None and time.monotonic() - self._started_at >= _AGAIN_SECONDS:
            self._started_at = time.monotonic()
            self._start()

    def close(self) -> None:
        """Let the process exchange what is left, and end it."""
        if self._process is None or self._process.stdin is None:
            return
        self._process.stdin.close()
        end = time.monotonic() + _LAST_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(self._pipe, selectors.EVENT_READ)
            while self._process is not None and (left := end - time.monotonic()) > 0:
                if selector.select(left):
                    self._read()
        self._remove()

    def _start(self) -> None:
        self._pipe, write = os.pipe()
        with process.deaf_to_terminal():
            self._process = subprocess.Popen(
                module_command("finfuzz.campaign.sync.process", write, self._paths.folder),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=(write,),
            )
        os.close(write)
        self._channel = Channel(FromSync)
        self._selector.register(self._pipe, selectors.EVENT_READ, self._read)

    def _read(self) -> None:
        """Read the messages that have arrived, or clean up if the process is gone."""
        data = os.read(self._pipe, 65536)
        if not data:
            self._remove()
            return
        for message in self._channel.feed(data):
            if isinstance(message, SyncStatus):
                self.status = message
            elif isinstance(message, Announcement):
                self._announce(message.line)
            else:
                self._queue.take_attribution(message)

    def _remove(self) -> None:
        if self._process is None:
            return
        self._selector.unregister(self._pipe)
        process.end_tree(self._process.pid)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_KILLED_SECONDS)
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        os.close(self._pipe)
        self._process, self._pipe = None, -1
