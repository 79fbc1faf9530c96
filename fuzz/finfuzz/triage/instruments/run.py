"""Bounded commands: in time, in the output that is kept, and in what stays behind."""

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

#: Bytes of an output that are kept: three quarters from the beginning, a quarter from the end.
KEPT = 256 << 10
_HEAD = KEPT - KEPT // 4
_PIECE = 64 << 10

#: The wait for the rest of an output after its writers have been killed.
_DRAIN_SECONDS = 5.0

#: Turns into the command, in a process that the kernel kills when finfuzz ends (PR_SET_PDEATHSIG),
#: that any debugger may attach to (PR_SET_PTRACER, where Yama asks for it) and that leaves no core
#: file. Preloaded libraries are for the command alone, so the variables are set here.
_BECOME = """
import ctypes, json, os, resource, sys
prctl = ctypes.CDLL(None).prctl
prctl(1, 9)
prctl(0x59616D61, ctypes.c_ulong(-1))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
os.execvpe(sys.argv[2], sys.argv[2:], json.loads(sys.argv[1]))
"""


class RunningCommand:
    """A running command; standard output and error are read together."""

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

    def wait(self, seconds: float) -> bool:
        """Wait for the end; False if the time is up. The process keeps its id: it is not reaped."""
        return process.wait_until_ended(self.pid, seconds)

    def end(self) -> None:
        """End the command with all that it started."""
        process.end_tree(self.pid)
        _end_session(self.pid)
        self._process.wait()

    @property
    def returncode(self) -> int:
        """The exit code of an ended command, negative for a signal."""
        return self._process.returncode

    @property
    def text(self) -> str:
        """The output of an ended command."""
        return self._output.text()


class Run(NamedTuple):
    """A finished run. ``returncode`` is None where the time was up."""

    returncode: int | None
    text: str


@contextlib.contextmanager
def start(
    command: list[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[RunningCommand]:
    """Start a command in a folder; nothing of it survives the block, however the block ends."""
    started = RunningCommand(command, folder, environment)
    try:
        yield started
    finally:
        started.end()


def run(command: list[str], folder: Path, environment: Mapping[str, str], seconds: float) -> Run:
    """Run a command to its end, at most for so many seconds."""
    with start(command, folder, environment) as started:
        ended = started.wait(seconds)
    return Run(started.returncode if ended else None, started.text)


class _Output:
    """The beginning and the end of a pipe's output. The pipe never fills up."""

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
    """Kill the session's orphans: they have lost their parent, but not their session."""
    for other in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getsid(other.pid) == leader:
                other.kill()
