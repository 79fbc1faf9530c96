"""A script that hangs: what each of its threads does, and whether it spins or waits."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import time
from collections import Counter
from typing import NamedTuple

import psutil

from finfuzz.triage.instruments.case import Experiment, Report, how_ended
from finfuzz.triage.instruments.debugger import STACKS, command
from finfuzz.triage.instruments.reading import joined, one_line, where
from finfuzz.triage.instruments.run import Run, run, running

#: How long threads are watched, and how often in that time each is looked at.
_WATCHED, _LOOKS = 1.0, 20
#: The share of looks that find it runnable: a thread with more spins, one with less waits. What it
#: got of a processor depends on who else wants one.
_SPINS, _WAITS = 0.5, 0.1

_DEBUGGER_SECONDS = 60.0
_DUMP_SECONDS = 2.0
_LWP = re.compile(r"^Thread \d+ \(.*\bLWP (\d+)\).*$", re.M)


class _Thread(NamedTuple):
    """``runnable``: share of the looks. ``spent``: processor time, in seconds."""

    process: int
    id: int
    runnable: float
    spent: float

    @property
    def does(self) -> str:
        if self.runnable >= _SPINS:
            return "spins"
        return "waits" if self.runnable < _WAITS else "works now and then"


def hang(case: Experiment) -> Report:
    """Looks at it when its time is up, then has faulthandler write where Python is."""
    python = [case.python, "-X", "faulthandler", "repro.py"]
    with running(python, case.folder, case.environment) as script:
        hangs = not script.wait_until_ended(case.seconds)
        threads = _watched(script.pid) if hangs else []
        stacks = {pid: _stacks(case, pid) for pid in dict.fromkeys(one.process for one in threads)}
        if hangs:
            os.kill(script.pid, signal.SIGABRT)
            script.wait_until_ended(_DUMP_SECONDS)
    if not hangs:
        ended = how_ended(Run(script.returncode, script.text), case.seconds)
        return Report("done", f"does not hang: {ended}", script.text)
    does = [
        f"process {one.process} thread {one.id}: {one.does}, {one.spent:.2f} s of processor time "
        f"in {_WATCHED:g} s"
        for one in threads
    ]
    said = "; ".join(joined(one.does, _place(case, one, stacks[one.process])) for one in threads)
    return Report(
        "done",
        one_line(said) or "ends while it is looked at",
        "\n".join([*does, "", *stacks.values(), "", script.text]),
    )


def _watched(pid: int) -> list[_Thread]:
    """Every thread of a process and of what it started."""
    before = _times(pid)
    runnable: Counter[tuple[int, int]] = Counter()
    for _ in range(_LOOKS):
        time.sleep(_WATCHED / _LOOKS)
        runnable.update(thread for thread in before if _is_runnable(thread[1]))
    return [
        _Thread(*thread, runnable[thread] / _LOOKS, spent - before[thread])
        for thread, spent in _times(pid).items()
        if thread in before
    ]


def _is_runnable(thread: int) -> bool:
    try:
        return psutil.Process(thread).status() == psutil.STATUS_RUNNING
    except psutil.NoSuchProcess:
        return False


def _times(pid: int) -> dict[tuple[int, int], float]:
    """Seconds of processor time, by the ids of process and thread."""
    times = {}
    root = psutil.Process(pid)
    for process in (root, *root.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):  # one that ends while it is asked
            for thread in process.threads():
                times[process.pid, thread.id] = thread.user_time + thread.system_time
    return times


def _stacks(case: Experiment, pid: int) -> str:
    path = shutil.which("gdb")
    if path is None:
        return "gdb is not on PATH: no stacks"
    attach = [*command(path, *STACKS), "-p", str(pid)]
    return run(attach, case.folder, case.environment, _DEBUGGER_SECONDS).text


def _place(case: Experiment, thread: _Thread, text: str) -> str:
    """Where a thread is: in the extension, or else in the innermost function with a source."""
    for match in _LWP.finditer(text):
        if int(match[1]) == thread.id:
            stack = text[match.end() :]
            following = _LWP.search(stack)
            return where(stack[: following.start()] if following else stack, case.sources)
    return ""
