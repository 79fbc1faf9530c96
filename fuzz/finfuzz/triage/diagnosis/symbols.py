"""Name program counters, by symbol tables, unwind tables and debug information."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cxxfilt

from finfuzz.executor.frames import RawFrame
from finfuzz.triage.diagnosis import addr2line
from finfuzz.triage.diagnosis.functions import Function, load_functions


class Frame(NamedTuple):
    """A frame with names. ``function``: demangled, or empty.

    ``place``: source file and line, if debug information has them. ``inlined``: the function has no
    frame of its own; the compiler put it into the next function that is not inlined.
    ``local_start``: the file offset at which its code begins, if a stripped copy of the file has no
    name for the function.
    """

    module: str
    offset: int
    function: str
    place: str = ""
    inlined: bool = False
    local_start: int = 0

    @property
    def local(self) -> bool:
        """Whether a stripped copy of the file has no name for the function."""
        return self.local_start > 0 or not self.function

    def __str__(self) -> str:
        name = Path(self.module).name or "?"
        nameless = f"in the function at +{self.local_start:#x}" if self.local_start else ""
        place = "/".join(self.place.split("/")[-2:])
        words = (
            f"{name}+{self.offset:#x}",
            self.function or nameless,
            place,
            "inlined" * self.inlined,
        )
        return "  ".join(filter(None, words))


def name_frame(frame: RawFrame) -> Frame:
    """Look up the function that a frame returns into, by the symbol table alone."""
    return _name_at(frame, _find_call(frame))


def name_stack(frames: Sequence[RawFrame]) -> list[Frame]:
    """Name the frames of a stack; an inlined function comes before the one that contains it.

    Ask addr2line once for each file, and only about new places.
    """
    interrupted = find_interrupted(frames)
    places = [
        (frame, frame.offset if n == interrupted else _find_call(frame))
        for n, frame in enumerate(frames)
    ]
    unknown: dict[str, list[_Place]] = {}
    for place in dict.fromkeys(places):
        if place not in _expanded and place[0].module:
            unknown.setdefault(place[0].module, []).append(place)
    for module, some in unknown.items():
        _expanded.update(zip(some, _expand(module, some), strict=True))
    return [each for place in places for each in _expanded.get(place) or (_name_at(*place),)]


#: A frame, and the offset of its code.
_Place = tuple[RawFrame, int]
#: Bounded by the code of the files that children have loaded.
_expanded: dict[_Place, tuple[Frame, ...]] = {}


def _find_call(frame: RawFrame) -> int:
    """Return the offset of the call that a frame returns from.

    A return address may lie after its function's last byte, if that ends in a call that never
    returns (abort, __cxa_throw). The call itself ends one byte before.
    """
    return frame.offset - 1


def find_interrupted(frames: Sequence[RawFrame | Frame]) -> int | None:
    """Return the index of the frame that a signal interrupted, in the stack of its handler.

    That frame called nothing: with a full stack, its first instruction may be the interrupted one.
    """
    handler = list(itertools.takewhile(lambda frame: "finfuzz_runtime" in frame.module, frames))
    trampoline = frames[len(handler)] if handler and len(handler) < len(frames) else None
    if trampoline is None or not re.search(r"/(libc[.-]|ld-musl)[^/]*$", trampoline.module):
        return None
    return len(handler) + 1


def _expand(module: str, places: Sequence[_Place]) -> list[tuple[Frame, ...]]:
    functions = load_functions(module)
    lines = addr2line.look_up_lines(
        str(functions.debug_file or module), [functions.find_address(code) for _, code in places]
    )
    return [
        _unfold_inlined(place[0], functions.find(place[1]), found)
        for place, found in zip(places, lines, strict=True)
    ]


def _name_at(frame: RawFrame, code: int) -> Frame:
    found = load_functions(frame.module).find(code) if frame.module else None
    return _make_frame(frame, found)


def _make_frame(frame: RawFrame, found: Function | None) -> Frame:
    if found is None:
        return Frame(frame.module, frame.offset, "")
    name = _demangle(found.name) if found.name else ""
    start = 0 if found.exported else found.start
    return Frame(frame.module, frame.offset, name, local_start=start)


def _unfold_inlined(
    frame: RawFrame, found: Function | None, lines: tuple[addr2line.SourceLine, ...]
) -> tuple[Frame, ...]:
    """Return the inlined functions and the outer one.

    The symbol table names the outer one, since debug information may be missing.
    """
    outer = _make_frame(frame, found)
    if not lines:
        return (outer,)
    *inner, last = lines
    start = found.start if found else 0
    return (
        *(
            Frame(frame.module, frame.offset, _demangle(line.function), line.place, True, start)
            for line in inner
        ),
        outer._replace(function=outer.function or _demangle(last.function), place=last.place),
    )


@functools.lru_cache(maxsize=4096)
def _demangle(name: str) -> str:
    plain, dot, suffix = name.partition(".")  # .part.0, .cold and their like
    try:
        demangled: str = cxxfilt.demangle(plain, external_only=False)
    except cxxfilt.Error:
        demangled = plain
    return demangled + (f" [{suffix}]" if dot else "")
