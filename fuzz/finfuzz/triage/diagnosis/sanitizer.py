"""Read the first stack of a sanitizer's report: the place of the misuse, not of the crash."""

from __future__ import annotations

import re
from itertools import takewhile

from finfuzz.triage.diagnosis.symbols import Frame

#: A frame: a function, and its place in a source or a module; each may be unknown.
_LINE = re.compile(
    r"    #\d+ 0x[0-9a-f]+(?: +in (.{1,1000}?))?"
    r"(?: +(?:\((\S{1,1000})\+0x([0-9a-f]+)\)|([^(\s]\S*:\d+\S*)))?(?: \(BuildId: \w+\))?$"
)
#: The sanitizer's own functions, which replace those of the C and C++ libraries.
_OWN = re.compile(r"libsanitizer|compiler-rt|lib[alu]+b?san")


def read_report_stack(stderr: str) -> list[Frame]:
    """Return the first stack of a report; empty without one. A source stands for its module."""
    lines = stderr.splitlines()
    first = next((n for n, line in enumerate(lines) if line.startswith("    #0 0x")), len(lines))
    matches = takewhile(bool, map(_LINE.match, lines[first:]))
    return [
        _make_frame(*match.groups()) for match in matches if match and not _OWN.search(match[0])
    ]


def _make_frame(
    function: str | None, module: str | None, offset: str | None, place: str | None
) -> Frame:
    if module and offset:
        return Frame(module, int(offset, 16), function or "")
    return Frame((place or "").partition(":")[0], 0, function or "", place or "")
