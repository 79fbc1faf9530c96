"""Names for program counters, out of ELF symbol tables."""

from __future__ import annotations

import bisect
import functools
from pathlib import Path
from typing import NamedTuple

import cxxfilt
from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from fuzz.executor.outcome import RawFrame


class Frame(NamedTuple):
    """A frame with names where there are any: ``function`` is demangled, or empty."""

    module: str
    offset: int
    function: str

    def __str__(self) -> str:
        name = Path(self.module).name or "?"
        return f"{name}+{self.offset:#x}" + (f"  {self.function}" if self.function else "")


def named(frame: RawFrame) -> Frame:
    """Looks the function up that a frame returns into."""
    # A return address may lie behind its function's last byte, where that ends in a call that
    # never comes back (abort, __cxa_throw): the call itself is one byte before.
    function = _table(frame.module).function_at(frame.offset - 1) if frame.module else ""
    return Frame(frame.module, frame.offset, function)


class _Table:
    """The functions of one file, by file offset."""

    def __init__(self, starts: list[int], ends: list[int], names: list[str]) -> None:
        self._starts, self._ends, self._names = starts, ends, names

    def function_at(self, offset: int) -> str:
        index = bisect.bisect_right(self._starts, offset) - 1
        if index < 0 or offset >= self._ends[index]:
            return ""
        return _demangled(self._names[index])


@functools.lru_cache(maxsize=4096)
def _demangled(name: str) -> str:
    plain, dot, suffix = name.partition(".")  # .part.0, .cold and their like
    try:
        demangled: str = cxxfilt.demangle(plain, external_only=False)
    except cxxfilt.Error:
        demangled = plain
    return demangled + (f" [{suffix}]" if dot else "")


@functools.lru_cache(maxsize=256)
def _table(module: str) -> _Table:
    """Reads a file's symbols once: half a second for libpython, so never twice. Empty if none."""
    try:
        with open(module, "rb") as file:
            return _read(ELFFile(file))
    except (OSError, ELFError):
        return _Table([], [], [])


def _read(elf: ELFFile) -> _Table:
    section = elf.get_section_by_name(".symtab") or elf.get_section_by_name(".dynsym")
    if not isinstance(section, SymbolTableSection):
        return _Table([], [], [])
    segments = [
        (segment["p_vaddr"], segment["p_memsz"], segment["p_offset"])
        for segment in elf.iter_segments("PT_LOAD")
    ]
    found = []
    for symbol in section.iter_symbols():
        if symbol["st_info"]["type"] != "STT_FUNC" or not symbol["st_value"]:
            continue
        for address, size, offset in segments:
            if address <= symbol["st_value"] < address + size:
                start = symbol["st_value"] - address + offset
                found.append((start, start + max(symbol["st_size"], 1), symbol.name))
    found.sort()
    return (
        _Table(*(list(column) for column in zip(*found, strict=True)))
        if found
        else _Table([], [], [])
    )
