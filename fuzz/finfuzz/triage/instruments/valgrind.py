"""The script under valgrind's memcheck: no recompile, and CPython's own code is checked too."""

from __future__ import annotations

import re
import shutil

from finfuzz.targets.instrumentation import use_malloc
from finfuzz.triage.instruments.experiment import Experiment, Report
from finfuzz.triage.instruments.reading import find_place, join, shorten

#: Valgrind takes 5 s for what takes 0.1 s without.
_SLOWER = 4

_OPTIONS = (
    *("--error-limit=no", "--leak-check=no", "--num-callers=40", "--fullpath-after="),
    "--trace-children=yes",  # a script with several lives starts itself anew
)
_ERROR = re.compile(
    r"^==\d+== ((?:Invalid|Mismatched|Use of uninit|Conditional jump|Syscall param|Jump to).*)$",
    re.M,
)
_HISTORY = re.compile(r"^==\d+==  Address .+ a block of size \S+ (free|alloc)'d$", re.M)
_NEXT = re.compile(r"^==\d+== ?$", re.M)
#: Valgrind's words about itself: why it does not start a program, or can't go on with one.
_OWN_FAILURE = re.compile(r"^(?:==\d+== )?valgrind: +(.+)$", re.M)
#: A dynamic linker without symbols, as CPythons of other distributions bring along.
_STRIPPED = re.compile(
    r"must-be-redirected function\s.*pattern: +(\S+)\n.*soname matching: +(\S+)$", re.M
)


def run_valgrind(experiment: Experiment) -> Report:
    """Report valgrind's first error, its place, and who had freed the memory."""
    path = shutil.which("valgrind")
    if path is None:
        return Report("absent", "valgrind is not on PATH")
    if experiment.shadowing:
        return Report("absent", f"valgrind can't run a CPython with {experiment.shadowing}")
    done = experiment.run(
        [path, *_OPTIONS, experiment.python, "repro.py"],
        use_malloc(experiment.interpreter),
        slower=_SLOWER,
    )
    summary = read_report(done.text, experiment.sources)
    if not summary and (problem := read_own_failure(done.text)):
        return Report("failed", f"valgrind can't run this CPython: {problem}", done.text)
    return Report("done", summary or f"no report: {experiment.describe_end(done)}", done.text)


def read_report(text: str, sources: re.Pattern[str]) -> str:
    """Read the first error, with its place in the source; empty if there is none."""
    error = _ERROR.search(text)
    if error is None:
        return ""
    text = _NEXT.split(text[error.start() :], 1)[0]
    history = _HISTORY.search(text)
    described = join(error[1], find_place(text[: history.start()] if history else text, sources))
    if history:
        done = {"free": "freed", "alloc": "allocated"}[history[1]]
        described = f"{described}, {done} {find_place(text[history.start() :], sources)}"
    return shorten(described)


def read_own_failure(text: str) -> str:
    """Read why valgrind itself gave up; empty if it did not."""
    found = _OWN_FAILURE.search(text)
    if found is None:
        return ""
    if stripped := _STRIPPED.search(text):
        function, library = stripped.groups()
        return f"its {library} is stripped (no {function}), and no debug symbols are installed"
    return shorten(found[1])
