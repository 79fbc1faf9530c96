"""The script in gdb: the stacks of all threads at its death, or of a process that hangs."""

from __future__ import annotations

import re
import shutil

from finfuzz.triage.instruments.case import Experiment, Report
from finfuzz.triage.instruments.reading import joined, one_line, where

_SETTINGS = (
    "pagination off",
    "confirm off",
    "width 0",
    "startup-with-shell off",  # a shell's start is one more program that may stop it
    "debuginfod enabled off",  # no symbols from the network
    "auto-load off",
    "print elements 40",
    "print max-depth 3",
    "backtrace limit 200",
    "print frame-arguments scalars",
)
#: Without locals first: where they are many, the rest may not be kept.
STACKS = ("thread apply all -s -ascending backtrace", "thread apply all -s backtrace full 40")

_SIGNAL = re.compile(r"^(?:Program|Thread .+) received signal (SIG\w+|\?)", re.M)
_EXITED = re.compile(r"^\[Inferior 1 \(process \d+\) exited (.+)\]$", re.M)
_THREAD = re.compile(r"^Thread \d+ \(.+\):?$", re.M)


def gdb(case: Experiment) -> Report:
    """What it dies of, where, and among how many threads."""
    path = shutil.which("gdb")
    if path is None:
        return Report("absent", "gdb is not on PATH")
    done = case.run(
        [*command(path, "run", "backtrace", *STACKS), "--args", case.python, "repro.py"]
    )
    died, exited = _SIGNAL.search(done.text), _EXITED.search(done.text)
    if done.returncode is None:
        return Report("done", f"still runs after {case.seconds:g} s in gdb", done.text)
    if died is None and exited:
        return Report("done", f"exits {exited[1]}: no death to look at", done.text)
    if died is None:
        return Report("failed", one_line(done.text.strip().rpartition("\n")[2]), done.text)
    place = where(done.text[died.end() :], case.sources)
    threads = len(_THREAD.findall(done.text)) // len(STACKS)
    among = f"one of {threads} threads" if threads > 1 else ""
    return Report("done", joined(died[1], place, among), done.text)


def command(path: str, *commands: str) -> list[str]:
    """gdb's, without the program: no start-up files, these commands, and out."""
    settings = [word for setting in _SETTINGS for word in ("-iex", f"set {setting}")]
    return [path, "-batch", "-nx", *settings, *(word for one in commands for word in ("-ex", one))]
