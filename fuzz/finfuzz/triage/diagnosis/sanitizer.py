"""Read the first stack of a sanitizer's report: the place of the misuse, not of the crash."""

from __future__ import annotations

import re
from itertools import takewhile

from finfuzz.triage.diagnosis.symbols import Frame

#: The diagnostics of sanitizers' reports.
SANITIZERS = ("address-sanitizer", "thread-sanitizer", "undefined-behaviour")

#: A frame: a function, and its place in a source or a module; each may be unknown.
_LINE = re.compile(
    r"    #\d+ 0x[0-9a-f]+(?: +in (.{1,1000}?))?"
    r"(?: +(?:\((\S{1,1000})\+0x([0-9a-f]+)\)|([^(\s]\S*:\d+\S*)))?(?: \(BuildId: \w+\))?$"
)
#: A frame as ThreadSanitizer writes it: no address, and the module always.
_TSAN_LINE = re.compile(
    r"    #\d+ (?!0x)(?:<null>|(.{1,1000}?)) (?:<null>|(\S+))"
    r" \((\S{1,1000})\+0x([0-9a-f]+)\)(?: \(BuildId: \w+\))?$"
)
#: The sanitizer's own functions, which replace those of the C and C++ libraries.
_OWN = re.compile(r"libsanitizer|compiler-rt|lib[alut]+b?san")


def read_report_stack(stderr: str) -> list[Frame]:
    """Return the first stack of a report; empty without one. A source stands for its module."""
    lines = stderr.splitlines()
    first = next((n for n, line in enumerate(lines) if line.startswith("    #0 ")), len(lines))
    frames = takewhile(bool, map(_read_line, lines[first:]))
    return [frame for frame in frames if frame and not _OWN.search(f"{frame.module} {frame.place}")]


def _read_line(line: str) -> Frame | None:
    if match := _LINE.match(line):
        return _make_frame(*match.groups())
    if match := _TSAN_LINE.match(line):
        function, place, module, offset = match.groups()
        return Frame(module, int(offset, 16), function or "", place or "")
    return None


def _make_frame(
    function: str | None, module: str | None, offset: str | None, place: str | None
) -> Frame:
    if module and offset:
        return Frame(module, int(offset, 16), function or "")
    return Frame((place or "").partition(":")[0], 0, function or "", place or "")
