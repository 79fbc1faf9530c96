"""One command, bounded: in time, in what is kept of its output, and in what it leaves behind."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple

import psutil

from finfuzz.executor import process

#: Kept of an output, in bytes: its beginning, and a quarter of it from its end.
KEPT = 256 << 10
_HEAD = KEPT - KEPT // 4
_PIECE = 64 << 10

#: For the end of an output whose writers have all been ended.
_DRAIN_SECONDS = 5.0

#: Becomes the command, in a process that the kernel ends when we end (PR_SET_PDEATHSIG), that any
#: debugger may attach to (PR_SET_PTRACER, where Yama asks for it), that leaves no core file and
#: that lets a campaign go first. What is preloaded is for the command alone: its variables are set
#: here.
_BECOME = """
import ctypes, json, os, resource, sys
prctl = ctypes.CDLL(None).prctl
prctl(1, 9)
prctl(0x59616D61, ctypes.c_ulong(-1))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
os.nice(10)
os.execvpe(sys.argv[2], sys.argv[2:], json.loads(sys.argv[1]))
"""


class Running:
    """A command that runs, its standard output and error read together as they come."""

    def __init__(self, command: list[str], folder: Path, environment: Mapping[str, str]) -> None:
        become = [sys.executable, "-I", "-S", "-c", _BECOME, json.dumps(dict(environment))]
        self._process = subprocess.Popen(
            [*become, *command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self._output = _Output(self._process.stdout)

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_ended(self, seconds: float) -> bool:
        """Waits; what has ended is not reaped, so that its id stays its own."""
        return process.wait_until_ended(self.pid, seconds)

    def end(self) -> None:
        """Ends it with all that it started."""
        process.end_tree(self.pid)
        _end_session(self.pid)
        self._process.wait()

    @property
    def returncode(self) -> int:
        """Of one that has ended: negative for a signal."""
        return self._process.returncode

    @property
    def text(self) -> str:
        """What one that has ended had written."""
        return self._output.text()


class Run(NamedTuple):
    """A command that has been run. ``returncode`` is None where its time was up."""

    returncode: int | None
    text: str


@contextlib.contextmanager
def running(command: list[str], folder: Path, environment: Mapping[str, str]) -> Iterator[Running]:
    """Starts a command in a folder; nothing of it is left behind the block, however that ends."""
    started = Running(command, folder, environment)
    try:
        yield started
    finally:
        started.end()


def run(command: list[str], folder: Path, environment: Mapping[str, str], seconds: float) -> Run:
    """Runs a command to its end, or for so many seconds."""
    with running(command, folder, environment) as started:
        ended = started.wait_until_ended(seconds)
    return Run(started.returncode if ended else None, started.text)


class _Output:
    """The beginning and the end of what is written to a pipe, which never fills up."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._head = b""
        self._tail = b""
        self._left_out = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def text(self) -> str:
        self._reader.join(_DRAIN_SECONDS)
        head = self._head.decode("utf-8", "backslashreplace")
        tail = self._tail.decode("utf-8", "backslashreplace")
        if self._left_out:
            return f"{head}\n[finfuzz: {self._left_out} bytes left out]\n{tail}"
        return head + tail

    def _read(self) -> None:
        with self._pipe:
            while piece := self._pipe.read(_PIECE):
                room = _HEAD - len(self._head)
                self._head += piece[:room]
                rest = self._tail + piece[room:]
                self._tail = rest[-(KEPT - _HEAD) :]
                self._left_out += len(rest) - len(self._tail)


def _end_session(leader: int) -> None:
    """What its parent has left behind descends from nobody, but its session is still the same."""
    for other in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getsid(other.pid) == leader:
                other.kill()
