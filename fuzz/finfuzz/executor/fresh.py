"""Programs in fresh processes: slower than a zygote's child, and with nothing inherited."""

from __future__ import annotations

import os
import signal
import time

from finfuzz.executor import process
from finfuzz.executor.gil import refuse_gil
from finfuzz.executor.limits import MOST_WAITED, Limits
from finfuzz.executor.outcome import Outcome, read_outcome
from finfuzz.executor.prepare import prepare_for
from finfuzz.executor.shared_memory import SharedMemory
from finfuzz.program.model import Program
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build
from finfuzz.targets.instrumentation import read_instrumentation

#: Time for an interpreter to start and link the extension: half a second on a loaded machine.
_START_SECONDS = 20.0
#: Time for a child to record where it hangs, on a busy machine too. Without the stack, a known
#: hang would be filed as a new one.
_RECORD_SECONDS = 2.0


def run_fresh(build: Build, program: Program, limits: Limits | None = None) -> Outcome:
    """Run a program in a fresh process of the build's CPython.

    Don't call this while other threads start processes: every new child of this process is taken
    for an orphan of the program and killed. Raises UserError where the process ends before the
    program begins, where the program is too long, and where a free-threaded CPython's GIL came on.
    """
    limits = (limits or Limits()).fit(read_instrumentation(build.interpreter.executable))
    shared = SharedMemory(build.blocks, build.second_blocks, build.cpython_blocks, build.gated)
    stderr = os.memfd_create("finfuzz-stderr", 0)
    try:
        prepared = prepare_for(build, program, limits)
        shared.prepare(prepared.text, limits)
        _run(build, shared, stderr, limits.deadline)
        errors = process.read_stderr(stderr)
        facts = shared.header.facts
        if facts.lives == 0 and not facts.timed_out:
            last = errors.strip().rpartition("\n")[2] or "no message"
            raise UserError(f"{build.spec} on CPython {build.interpreter.text} can't start: {last}")
        refuse_gil(build, facts)
        return read_outcome(shared, errors, "fresh", keeps_nothing=prepared.keeps_nothing)
    finally:
        shared.close()
        os.close(stderr)


def _run(build: Build, shared: SharedMemory, stderr: int, deadline: float) -> None:
    facts = shared.header.facts
    begin = time.monotonic()
    process.adopt_orphans()
    before = process.children()
    appending = os.open(f"/proc/self/fd/{stderr}", os.O_WRONLY | os.O_APPEND)
    child = process.start(build, (shared.fd,), appending)
    os.close(appending)
    try:
        _wait_for_begin(child.pid, shared)
        if not _ends_in_time(child.pid, deadline):
            facts.timed_out = 1
            _record_frames(child.pid, shared)
    finally:
        # Not reaped yet, so the id is still its own.
        process.end_tree(child.pid)
        _, status = os.waitpid(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        process.end_children_since(before)
    facts.status = status
    facts.microseconds = round((time.monotonic() - begin) * 1e6)


def _wait_for_begin(pid: int, shared: SharedMemory) -> None:
    """Wait for the program to begin: the interpreter's start does not count for the deadline."""
    end = time.monotonic() + _START_SECONDS
    while shared.header.facts.lives == 0 and time.monotonic() < end:
        if process.wait_until_ended(pid, 0.001):
            return


def _ends_in_time(pid: int, deadline: float) -> bool:
    """Whether a child ends by its deadline, which moves by what it waits for a processor."""
    begin, waited = time.monotonic(), 0.0
    while not process.wait_until_ended(pid, max(begin + deadline + waited - time.monotonic(), 0)):
        if time.monotonic() - begin > deadline + MOST_WAITED:
            return False
        now = process.read_scheduled(pid)
        had_it = now.ran >= deadline
        if now.waited <= waited and (had_it or not _is_kept_waiting(pid, now)):
            return False
        waited = min(max(waited, now.waited), MOST_WAITED)
    return True


def _is_kept_waiting(pid: int, before: process.Scheduled) -> bool:
    """Whether a child waits for a processor: the kernel adds a wait when it is over.

    A thread is ready, and in a while of several ticks none runs, or a wait comes to its end.
    """
    if not before.ready:
        return False
    process.wait_until_ended(pid, 0.02)
    now = process.read_scheduled(pid)
    return now.waited > before.waited or (now.ready and now.ran == before.ran)


def _record_frames(pid: int, shared: SharedMemory) -> None:
    """Let the child record where it hangs."""
    os.kill(pid, signal.SIGXCPU)
    end = time.monotonic() + _RECORD_SECONDS
    while shared.header.facts.frame_count == 0 and time.monotonic() < end:
        if process.wait_until_ended(pid, 0.01):
            return
