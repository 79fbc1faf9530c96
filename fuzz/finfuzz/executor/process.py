"""Starting a target's CPython, and killing everything that it leaves behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import psutil

from finfuzz.executor.limits import STDERR_BYTES
from finfuzz.support.errors import UserError
from finfuzz.support.signals import TERMINAL, ignore
from finfuzz.targets.build import Build
from finfuzz.targets.instrumentation import make_variables

_CHILD = Path(__file__).resolve().parent.parent / "child"
_ADDR_NO_RANDOMIZE = 0x0040000
_PERSONALITY_QUERY = 0xFFFFFFFF
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def fixed_addresses() -> Iterator[None]:
    """Give processes started inside the same address layout each time.

    Where a sandbox forbids personality(2), the layout stays random; `finfuzz doctor` reports that.
    """
    before = _libc.personality(_PERSONALITY_QUERY)
    _libc.personality(before | _ADDR_NO_RANDOMIZE)
    try:
        yield
    finally:
        _libc.personality(before)


def can_fix_addresses() -> bool:
    """Whether this machine lets a process ask for a fixed address layout."""
    with fixed_addresses():
        return bool(_libc.personality(_PERSONALITY_QUERY) & _ADDR_NO_RANDOMIZE)


def adopt_orphans() -> None:
    """Make this process the parent of its children's orphans, so that it can kill them."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_with_parent(number: signal.Signals) -> None:
    """Let the kernel send this process the signal when its parent has ended."""
    _libc.prctl(_PR_SET_PDEATHSIG, number)


#: Code that runs a command in its own process, which the kernel kills when ours ends.
_TIED = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execvp(sys.argv[1], sys.argv[1:])"
)


def tie_to_us(python: str, command: Sequence[str | Path]) -> list[str]:
    """Make a command that the kernel kills when this process ends, however it ends.

    ``python``: the Python that starts the command.
    """
    return [python, "-I", "-S", "-c", _TIED, *map(str, command)]


@contextlib.contextmanager
def deaf_to_terminal() -> Iterator[None]:
    """Block the terminal's signals in processes started inside, until ``ignore_terminal`` there.

    A Ctrl-C would end a Python that has hardly begun, with a traceback.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, TERMINAL)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ignore_terminal() -> None:
    """Leave Ctrl-C and the terminal's end to the parent process."""
    ignore(*TERMINAL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, TERMINAL)


def follow_parent(number: signal.Signals) -> None:
    """Leave Ctrl-C to the parent, get a signal when the parent is gone, and adopt orphans."""
    ignore_terminal()
    end_with_parent(number)
    adopt_orphans()


def environment() -> dict[str, str]:
    """Return a child's environment: fixed, so that a program does the same everywhere."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {
        **kept,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONCOERCECLOCALE": "0",
        "LC_ALL": "C.UTF-8",
    }


def start(
    build: Build, fds: tuple[int, ...], stderr: IO[bytes] | int, *more: object
) -> subprocess.Popen[bytes]:
    """Start ``child/zygote.py`` in the build's CPython.

    ``fds``: shared memory, then any pipes. ``more``: further arguments.

    Raises UserError where that CPython can't be started.
    """
    has_site = build.package is not None and build.package.site
    executable = build.interpreter.path if has_site else build.interpreter.executable
    command: list[Any] = [
        executable,
        *("-s", *(() if has_site else ("-S",)), _CHILD / "zygote.py"),
        *(build.runtime, build.extension, build.second or ""),
        *map(str, (*fds, *more)),
    ]
    try:
        with fixed_addresses():
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                pass_fds=fds,
                env={
                    **environment(),
                    **make_variables(build.interpreter),
                    "LD_PRELOAD": str(build.after_main),
                },
                process_group=0,  # no Ctrl-C of the terminal
            )
    except OSError as error:
        raise UserError(
            f"can't start {executable}: {error.strerror}: is it still installed?"
        ) from error


def wait_until_ended(pid: int, seconds: float) -> bool:
    """Wait for a child to end; False where it still runs. It is not reaped, so its id stays."""
    pidfd = os.pidfd_open(pid)
    try:
        poller = select.poll()
        poller.register(pidfd, select.POLLIN)
        return bool(poller.poll(seconds * 1000))
    finally:
        os.close(pidfd)


class Scheduled(NamedTuple):
    """How a process and its descendants were scheduled so far, in seconds.

    ``waited``: the most in which one of their threads was ready to run and waited for a processor.
    ``ran``: what all had of one. ``ready``: whether a thread runs or waits now.
    """

    waited: float
    ran: float
    ready: bool


def read_scheduled(pid: int) -> Scheduled:
    """Read how a process was scheduled; all 0 where the kernel does not tell (proc(5)).

    Its forks count, too: a parent waits while its fork does the work.
    """
    waited, ran, ready = 0.0, 0.0, False
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(OSError):  # the thread has ended
            of_task, wait, _ = map(int, (task / "schedstat").read_text().split())
            waited, ran = max(waited, wait / 1e9), ran + of_task / 1e9
            ready |= (task / "stat").read_text().rpartition(") ")[2].startswith("R")
            for child in map(int, (task / "children").read_text().split()):
                of_child = read_scheduled(child)
                waited, ran = max(waited, of_child.waited), ran + of_child.ran
                ready |= of_child.ready
    return Scheduled(waited, ran, ready)


def end_tree(pid: int) -> None:
    """Kill a process and all its descendants, by their ids."""
    try:
        root = psutil.Process(pid)
        family = [*root.children(recursive=True), root]
    except psutil.NoSuchProcess:
        return
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def children() -> set[int]:
    """Return the ids of this process's own children."""
    return {child.pid for child in psutil.Process().children()}


def end_children_since(before: set[int]) -> None:
    """Kill and reap the children that this process has got since ``before``: adopted orphans."""
    for pid in children() - before:
        end_tree(pid)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def read_stderr(fd: int) -> str:
    """Read a child's standard error: all of it, or its beginning and end."""
    size = os.fstat(fd).st_size
    if size <= STDERR_BYTES:
        return os.pread(fd, size, 0).decode("utf-8", "backslashreplace")
    tail = STDERR_BYTES // 4
    first = os.pread(fd, STDERR_BYTES - tail, 0).decode("utf-8", "backslashreplace")
    last = os.pread(fd, tail, size - tail).decode("utf-8", "backslashreplace")
    return f"{first}\n[finfuzz: {size - STDERR_BYTES} bytes left out]\n{last}"
