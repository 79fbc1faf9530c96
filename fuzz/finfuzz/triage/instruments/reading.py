"""What the instruments' texts say in a line: their own report, and where in the extension it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from finfuzz.triage.diagnosis.messages import death
from finfuzz.triage.diagnosis.telling import GIVES_UP, normalized

#: How each writes a frame whose source is known.
_FRAME = re.compile(
    r"""^(?:
    \ +\#\d+\ 0x[0-9a-f]+\ in\ (?P<asan>.+?)\ (?P<asan_place>[^\ ():]+:\d+)(?::\d+)?
    |\#\d+\ +(?:0x[0-9a-f]+\ in\ )?(?P<gdb>.+?)\ \(.*\)\ at\ (?P<gdb_place>\S+:\d+)
    |==\d+==\ +(?:at|by)\ 0x[0-9A-F]+:\ (?P<valgrind>.+)\ \((?P<valgrind_place>[^\ ()]+:\d+)\)
    )$""",
    re.VERBOSE | re.MULTILINE,
)

#: What the sanitizers' own lines are read as: they are told at more length here.
_SANITIZERS = ("address-sanitizer", "undefined-behaviour")

_LONGEST = 300


class Frame(NamedTuple):
    """A function, and file:line."""

    function: str
    where: str

    def __str__(self) -> str:
        return f"in {normalized(self.function)} ({self.where})"


def places(text: str) -> Iterator[Frame]:
    """The frames of a stack that have a source, as they come."""
    for match in _FRAME.finditer(text):
        function, where = (part for part in match.groups() if part is not None)
        yield Frame(function, where)


def where(text: str, sources: re.Pattern[str]) -> str:
    """The first frame in these sources, or else the first that has one; nothing without any."""
    found = list(places(text))
    own = [
        place
        for place in found
        if sources.match(place.where) and normalized(place.function) not in GIVES_UP
    ]
    return str((own or found)[0]) if found else ""


def message(text: str) -> str:
    """What the process itself said of its death in one line, or nothing."""
    found = death(text)
    if found is None or found.diagnostic in _SANITIZERS:
        return ""
    return one_line(joined(found.diagnostic, found.detail, by=": "))


def one_line(text: str) -> str:
    """Without its line breaks, and not too long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def joined(*parts: str, by: str = " ") -> str:
    """The parts that are there."""
    return by.join(part for part in parts if part)
