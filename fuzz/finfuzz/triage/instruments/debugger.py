"""The script in gdb: the stacks of all threads of a process that crashes or hangs."""

from __future__ import annotations

import re
import shutil

from finfuzz.triage.instruments.experiment import Experiment, Report
from finfuzz.triage.instruments.reading import find_place, join, shorten

_SETTINGS = (
    "pagination off",
    "confirm off",
    "width 0",
    "startup-with-shell off",  # a shell would be one more program that may fail
    "debuginfod enabled off",  # no symbols from the network
    "auto-load off",
    "print elements 40",
    "print max-depth 3",
    "backtrace limit 200",
    "print frame-arguments scalars",
)
#: Without locals first: many locals may push the rest out of the kept output.
STACKS = ("thread apply all -s -ascending backtrace", "thread apply all -s backtrace full 40")

_SIGNAL = re.compile(r"^(?:Program|Thread .+) received signal (SIG\w+|\?)", re.M)
_EXITED = re.compile(r"^\[Inferior 1 \(process \d+\) exited (.+)\]$", re.M)
_THREAD = re.compile(r"^Thread \d+ \(.+\):?$", re.M)


def run_gdb(experiment: Experiment) -> Report:
    """Report the signal, the place of the crash, and the number of threads."""
    path = shutil.which("gdb")
    if path is None:
        return Report("absent", "gdb is not on PATH")
    done = experiment.run(
        [*make_command(path, "run", "backtrace", *STACKS), "--args", experiment.python, "repro.py"]
    )
    died, exited = _SIGNAL.search(done.text), _EXITED.search(done.text)
    if done.returncode is None:
        return Report("done", f"still runs after {experiment.seconds:g} s in gdb", done.text)
    if died is None and exited:
        return Report("done", f"exits {exited[1]}: no crash to inspect", done.text)
    if died is None:
        return Report("failed", shorten(done.text.strip().rpartition("\n")[2]), done.text)
    place = find_place(done.text[died.end() :], experiment.sources)
    threads = len(_THREAD.findall(done.text)) // len(STACKS)
    among = f"one of {threads} threads" if threads > 1 else ""
    return Report("done", join(died[1], place, among), done.text)


def make_command(path: str, *commands: str) -> list[str]:
    """Make a gdb command line without the program: no start-up files, these commands, then quit."""
    settings = [word for setting in _SETTINGS for word in ("-iex", f"set {setting}")]
    return [path, "-batch", "-nx", *settings, *(word for one in commands for word in ("-ex", one))]
