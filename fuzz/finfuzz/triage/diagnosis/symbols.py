"""Name program counters, by ELF symbol tables and debug information."""

from __future__ import annotations

import bisect
import functools
import itertools
import re
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cxxfilt
from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from finfuzz.executor.outcome import RawFrame
from finfuzz.triage.diagnosis import addr2line


class Frame(NamedTuple):
    """A frame with names. ``function``: demangled, or empty.

    ``place``: source file and line, if debug information has them. ``inlined``: the function has no
    frame of its own; the compiler put it into the next function that is not inlined.
    """

    module: str
    offset: int
    function: str
    place: str = ""
    inlined: bool = False

    def __str__(self) -> str:
        name = Path(self.module).name or "?"
        place = "/".join(self.place.split("/")[-2:])
        words = (f"{name}+{self.offset:#x}", self.function, place, "inlined" * self.inlined)
        return "  ".join(filter(None, words))


def name_frame(frame: RawFrame) -> Frame:
    """Look up the function that a frame returns into, by the symbol table alone."""
    return _name_at(frame, _find_call(frame))


def name_stack(frames: Sequence[RawFrame]) -> list[Frame]:
    """Name the frames of a stack; an inlined function comes before the one that contains it.

    Ask addr2line once for each file, and only about new places.
    """
    interrupted = _find_interrupted(frames)
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


#: ELF's STT_FUNC.
_FUNCTION = 2

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


def _find_interrupted(frames: Sequence[RawFrame]) -> int | None:
    """Return the index of the frame that a signal interrupted, in the stack of its handler.

    That frame called nothing: with a full stack, its first instruction may be the interrupted one.
    """
    handler = list(itertools.takewhile(lambda frame: "finfuzz_runtime" in frame.module, frames))
    trampoline = frames[len(handler)] if handler and len(handler) < len(frames) else None
    if trampoline is None or not re.search(r"/(libc|ld-musl)[^/]*$", trampoline.module):
        return None
    return len(handler) + 1


def _expand(module: str, places: Sequence[_Place]) -> list[tuple[Frame, ...]]:
    table = _load_table(module)
    lines = addr2line.look_up_lines(module, [table.find_address(code) for _, code in places])
    return [
        _unfold_inlined(_name_at(*place), found) for place, found in zip(places, lines, strict=True)
    ]


def _name_at(frame: RawFrame, code: int) -> Frame:
    function = _load_table(frame.module).find_function(code) if frame.module else ""
    return Frame(frame.module, frame.offset, function)


def _unfold_inlined(outer: Frame, lines: tuple[addr2line.SourceLine, ...]) -> tuple[Frame, ...]:
    """Return the inlined functions and the outer one.

    The symbol table names the outer one, since debug information may be missing.
    """
    if not lines:
        return (outer,)
    *inner, last = lines
    return (
        *(
            Frame(outer.module, outer.offset, _demangle(line.function), line.place, True)
            for line in inner
        ),
        outer._replace(function=outer.function or _demangle(last.function), place=last.place),
    )


class _Table:
    """The functions of one file by file offset, and its segments.

    ``segments``: (virtual address, file offset, length in the file) of each.
    """

    def __init__(
        self,
        functions: Sequence[tuple[int, int, str]] = (),
        segments: Sequence[tuple[int, int, int]] = (),
    ) -> None:
        self._starts = [start for start, _, _ in functions]
        self._functions, self._segments = functions, segments

    def find_function(self, offset: int) -> str:
        index = bisect.bisect_right(self._starts, offset) - 1
        if index < 0 or offset >= self._functions[index][1]:
            return ""
        return _demangle(self._functions[index][2])

    def find_address(self, offset: int) -> int:
        """Return the virtual address of a place in the file; 0 if no code is there."""
        for address, begin, length in self._segments:
            if begin <= offset < begin + length:
                return offset - begin + address
        return 0


@functools.lru_cache(maxsize=4096)
def _demangle(name: str) -> str:
    plain, dot, suffix = name.partition(".")  # .part.0, .cold and their like
    try:
        demangled: str = cxxfilt.demangle(plain, external_only=False)
    except cxxfilt.Error:
        demangled = plain
    return demangled + (f" [{suffix}]" if dot else "")


@functools.lru_cache(maxsize=256)
def _load_table(module: str) -> _Table:
    """Read a file's symbols once. Empty if none can be read."""
    try:
        with open(module, "rb") as file:
            return _read_table(ELFFile(file))
    except (OSError, ELFError, struct.error, ValueError):
        return _Table()


def _read_table(elf: ELFFile) -> _Table:
    loaded = [
        (segment["p_vaddr"], segment["p_offset"], segment["p_filesz"])
        for segment in elf.iter_segments("PT_LOAD")
    ]
    found = []
    for name, value, size in _read_functions(elf):
        for address, offset, length in loaded:
            if address <= value < address + length:
                start = value - address + offset
                found.append((start, start + max(size, 1), name))
    return _Table(sorted(found), loaded)


def _read_functions(elf: ELFFile) -> Iterator[tuple[str, int, int]]:
    """Read name, address and size of each function.

    By hand: pyelftools takes 20 times as long, half a second for a libpython.
    """
    section = elf.get_section_by_name(".symtab") or elf.get_section_by_name(".dynsym")
    if not isinstance(section, SymbolTableSection):
        return
    strings = section.stringtable.data()
    order = "<" if elf.little_endian else ">"
    if elf.elfclass == 64:
        rows = struct.iter_unpack(f"{order}IBBHQQ", section.data())
        symbols = ((name, info, value, size) for name, info, _, _, value, size in rows)
    else:
        rows = struct.iter_unpack(f"{order}IIIBBH", section.data())
        symbols = ((name, info, value, size) for name, value, size, info, _, _ in rows)
    for name, info, value, size in symbols:
        if info & 0xF == _FUNCTION and value:
            yield strings[name : strings.index(b"\0", name)].decode("utf-8", "replace"), value, size
