"""A script that hangs: the stack of each thread, and whether the thread spins or waits."""

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

from finfuzz.triage.instruments.debugger import STACKS, make_command
from finfuzz.triage.instruments.experiment import Experiment, Report, describe_exit
from finfuzz.triage.instruments.reading import find_place, join, shorten
from finfuzz.triage.instruments.run import Run, run, start

#: How long threads are watched, and how often each is sampled in that time.
_SECONDS, _SAMPLES = 1.0, 20
#: The share of samples that find a thread runnable: with more it spins, with less it waits. Its
#: processor time would depend on other processes' load.
_SPINS, _WAITS = 0.5, 0.1
#: A runnable thread that gets less of the processor than this share has not shown what it does. It
#: is watched again, at most so many times: other processes take the processor (issue 21).
_LEAST_SHARE, _ROUNDS = 0.02, 30

_DEBUGGER_SECONDS = 60.0
_DUMP_SECONDS = 2.0
#: `process` where gdb has no thread library that matches the script's C library, and one thread.
_LWP = re.compile(r"^Thread \d+ \(.*\b(?:LWP|process) (\d+)\b.*\).*$", re.M)


class _Thread(NamedTuple):
    """A watched thread. ``runnable``: share of samples. ``spent``: processor time in seconds."""

    process: int
    id: int
    runnable: float
    spent: float

    @property
    def is_starved(self) -> bool:
        """Whether it might run or be about to wait, but hardly gets the processor."""
        return self.runnable >= _WAITS and self.spent < _LEAST_SHARE * _SECONDS

    @property
    def does(self) -> str:
        if self.is_starved:
            return "gets no processor time"
        if self.runnable >= _SPINS:
            return "spins"
        return "waits" if self.runnable < _WAITS else "runs now and then"


def watch_hang(experiment: Experiment) -> Report:
    """Watch the script's threads when its time is up; then faulthandler writes where Python is."""
    python = [experiment.python, "-X", "faulthandler", "repro.py"]
    with start(python, experiment.folder, experiment.environment) as script:
        hangs = not script.wait(experiment.seconds)
        threads = _watch(script.pid) if hangs else []
        processes = dict.fromkeys(one.process for one in threads)
        stacks = {pid: _take_stacks(experiment, pid) for pid in processes}
        if hangs:
            os.kill(script.pid, signal.SIGABRT)
            script.wait(_DUMP_SECONDS)
    if not hangs:
        ended = describe_exit(Run(script.returncode, script.text), experiment.seconds)
        return Report("done", f"does not hang: {ended}", script.text)
    lines = [
        f"process {one.process} thread {one.id}: {one.does}, {one.spent:.2f} s of processor time "
        f"in {_SECONDS:g} s"
        for one in threads
    ]
    summary = "; ".join(
        join(one.does, _find_thread(experiment, one, stacks[one.process])) for one in threads
    )
    return Report(
        "done",
        shorten(summary) or "ended during inspection",
        "\n".join([*lines, "", *stacks.values(), "", script.text]),
    )


def _watch(pid: int) -> list[_Thread]:
    """Watch every thread of a process and of its descendants until each has shown what it does.

    A thread that gets no processor time in all rounds has not, nor one that ends before.
    """
    found: dict[tuple[int, int], _Thread] = {}
    for _ in range(_ROUNDS):
        present = _watch_once(pid)
        for thread in present:
            if (known := found.get(thread[:2])) is None or known.is_starved:
                found[thread[:2]] = thread
        if not any(found[thread[:2]].is_starved for thread in present):
            break
    return list(found.values())


def _watch_once(pid: int) -> list[_Thread]:
    before = _measure_times(pid)
    runnable: Counter[tuple[int, int]] = Counter()
    for _ in range(_SAMPLES):
        time.sleep(_SECONDS / _SAMPLES)
        runnable.update(thread for thread in before if _is_runnable(thread[1]))
    return [
        _Thread(*thread, runnable[thread] / _SAMPLES, spent - before[thread])
        for thread, spent in _measure_times(pid).items()
        if thread in before
    ]


def _is_runnable(thread: int) -> bool:
    try:
        return psutil.Process(thread).status() == psutil.STATUS_RUNNING
    except psutil.NoSuchProcess:
        return False


def _measure_times(pid: int) -> dict[tuple[int, int], float]:
    """Measure seconds of processor time, by the ids of process and thread."""
    times = {}
    root = psutil.Process(pid)
    for process in (root, *root.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):  # a process that ends meanwhile
            for thread in process.threads():
                times[process.pid, thread.id] = thread.user_time + thread.system_time
    return times


def _take_stacks(experiment: Experiment, pid: int) -> str:
    path = shutil.which("gdb")
    if path is None:
        return "gdb is not on PATH: no stacks"
    attach = [*make_command(path, *STACKS), "-p", str(pid)]
    return run(attach, experiment.folder, experiment.environment, _DEBUGGER_SECONDS).text


def _find_thread(experiment: Experiment, thread: _Thread, text: str) -> str:
    """Find a thread's place: in the extension, else the innermost one with a source."""
    for match in _LWP.finditer(text):
        if int(match[1]) == thread.id:
            stack = text[match.end() :]
            following = _LWP.search(stack)
            return find_place(
                stack[: following.start()] if following else stack, experiment.sources
            )
    return ""
