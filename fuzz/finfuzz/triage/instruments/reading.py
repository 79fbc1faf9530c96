"""Reading the instruments' texts: their reports and stacks, summarized in a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from finfuzz.triage.diagnosis.messages import read_death
from finfuzz.triage.diagnosis.sanitizer import SANITIZERS
from finfuzz.triage.diagnosis.telling import GIVES_UP, normalize_function

#: A frame with a known source, as ASan, gdb and valgrind write it.
_FRAME = re.compile(
    r"""^(?:
    \ +\#\d+\ 0x[0-9a-f]+\ in\ (?P<asan>.+?)\ (?P<asan_place>[^\ ():]+:\d+)(?::\d+)?
    |\#\d+\ +(?:0x[0-9a-f]+\ in\ )?(?P<gdb>.+?)\ \(.*\)\ at\ (?P<gdb_place>\S+:\d+)
    |==\d+==\ +(?:at|by)\ 0x[0-9A-F]+:\ (?P<valgrind>.+)\ \((?P<valgrind_place>[^\ ()]+:\d+)\)
    )$""",
    re.VERBOSE | re.MULTILINE,
)

_LONGEST = 300


class ReportedFrame(NamedTuple):
    """A function, and its place as file:line."""

    function: str
    place: str

    def __str__(self) -> str:
        return f"in {normalize_function(self.function)} ({self.place})"


def read_frames(text: str) -> Iterator[ReportedFrame]:
    """Read the frames that have a source, in the order of the text."""
    for match in _FRAME.finditer(text):
        function, place = (part for part in match.groups() if part is not None)
        yield ReportedFrame(function, place)


def find_place(text: str, sources: re.Pattern[str]) -> str:
    """Find the first frame in these sources, or the first frame with any source; empty if none."""
    found = list(read_frames(text))
    own = [
        frame
        for frame in found
        if sources.match(frame.place) and normalize_function(frame.function) not in GIVES_UP
    ]
    return str((own or found)[0]) if found else ""


def read_message(text: str) -> str:
    """Read the process's own message about its crash, in one line; empty if there is none."""
    found = read_death(text)
    if found is None or found.diagnostic in SANITIZERS:  # summarized at more length
        return ""
    return shorten(join(found.diagnostic, found.detail, by=": "))


def shorten(text: str) -> str:
    """Put a text in one line of at most 300 characters."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def join(*parts: str, by: str = " ") -> str:
    """Join the parts that are not empty."""
    return by.join(part for part in parts if part)
