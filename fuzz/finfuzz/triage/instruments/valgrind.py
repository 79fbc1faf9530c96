"""The script under valgrind's memcheck: no other compile, and it sees CPython's own code too."""

from __future__ import annotations

import re
import shutil

from finfuzz.triage.instruments.case import Experiment, Report
from finfuzz.triage.instruments.reading import joined, one_line, where

#: It takes 5 s for what takes 0.1 s without it.
_SLOWER = 4

_OPTIONS = ("--error-limit=no", "--leak-check=no", "--num-callers=40", "--fullpath-after=")
_ERROR = re.compile(
    r"^==\d+== ((?:Invalid|Mismatched|Use of uninit|Conditional jump|Syscall param|Jump to).*)$",
    re.M,
)
_HISTORY = re.compile(r"^==\d+==  Address .+ a block of size \S+ (free|alloc)'d$", re.M)
_NEXT = re.compile(r"^==\d+== ?$", re.M)


def valgrind(case: Experiment) -> Report:
    """Its first error, where it is, and who had freed the memory."""
    path = shutil.which("valgrind")
    if path is None:
        return Report("absent", "valgrind is not on PATH")
    done = case.run(
        [path, *_OPTIONS, case.python, "repro.py"], {"PYTHONMALLOC": "malloc"}, slower=_SLOWER
    )
    said = report(done.text, case.sources)
    return Report("done", said or f"it sees nothing: {case.ending(done)}", done.text)


def report(text: str, sources: re.Pattern[str]) -> str:
    """The first error in a line, with its place in the source; or nothing."""
    error = _ERROR.search(text)
    if error is None:
        return ""
    text = _NEXT.split(text[error.start() :], 1)[0]
    history = _HISTORY.search(text)
    told = joined(error[1], where(text[: history.start()] if history else text, sources))
    if history:
        done = {"free": "freed", "alloc": "allocated"}[history[1]]
        told = f"{told}, {done} {where(text[history.start() :], sources)}"
    return one_line(told)
