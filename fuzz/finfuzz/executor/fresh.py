"""One program in a process of its own: slower than a zygote's child, and with nothing inherited."""

from __future__ import annotations

import os
import signal
import time

from finfuzz.executor import process
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome, read_outcome
from finfuzz.executor.prepare import prepare_for
from finfuzz.executor.shared_memory import SharedMemory
from finfuzz.program.model import Program
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build

#: For an interpreter to start and link the extension; half a second on a loaded machine.
_START_SECONDS = 20.0


def run_fresh(build: Build, program: Program, limits: Limits | None = None) -> Outcome:
    """Run a program in a fresh process of the build's CPython.

    Not beside threads that start processes: what becomes this process's child meanwhile is taken
    for an orphan of the program and ended. Raises UserError where the process ends before the
    program begins.
    """
    limits = limits or Limits()
    shared = SharedMemory(build.blocks, build.second_blocks)
    stderr = os.memfd_create("finfuzz-stderr", 0)
    try:
        shared.prepare(prepare_for(build, program, limits).text, limits)
        _run(build, shared, stderr, limits.deadline)
        said = process.read_stderr(stderr)
        facts = shared.header.facts
        if facts.lives == 0 and not facts.timed_out:
            last = said.strip().rpartition("\n")[2] or "it said nothing"
            raise UserError(f"{build.spec} on CPython {build.interpreter.text} can't start: {last}")
        return read_outcome(shared, said, "fresh")
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
        _begun(child.pid, shared)
        if not process.ended_within(child.pid, deadline):
            facts.timed_out = 1
            _ask_where(child.pid, shared)
    finally:
        # Not reaped yet, so the id is still its own.
        process.end_tree(child.pid)
        _, status = os.waitpid(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        process.end_children_since(before)
    facts.status = status
    facts.microseconds = round((time.monotonic() - begin) * 1e6)


def _begun(pid: int, shared: SharedMemory) -> None:
    """Waits for the program to begin: the interpreter's start is not on its deadline."""
    end = time.monotonic() + _START_SECONDS
    while shared.header.facts.lives == 0 and time.monotonic() < end:
        if process.ended_within(pid, 0.001):
            return


def _ask_where(pid: int, shared: SharedMemory) -> None:
    """Has the child write down where it hangs, and gives it a fifth of a second for that."""
    os.kill(pid, signal.SIGXCPU)
    end = time.monotonic() + 0.2
    while shared.header.facts.frame_count == 0 and time.monotonic() < end:
        if process.ended_within(pid, 0.01):
            return
