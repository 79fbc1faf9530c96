"""The functions of one file: names from symbol tables, boundaries from the unwind table.

A stripped file still names the functions that it exports. Its unwind table (`.eh_frame`) has the
boundaries of all, which is enough to identify a function that has no name.
"""

from __future__ import annotations

import bisect
import contextlib
import functools
import io
import itertools
import lzma
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from finfuzz.triage.diagnosis.debug_files import find_debug_file
from finfuzz.triage.diagnosis.type_tables import name_by_tables
from finfuzz.triage.diagnosis.unwind_table import UnwindTable, read_unwind_table


class Function(NamedTuple):
    """A function, from its first byte to behind its last. ``name``: for the linker, or empty.

    ``exported``: a stripped copy of the file names the function as well.
    """

    start: int
    end: int
    name: str = ""
    exported: bool = False


class Functions:
    """The functions of one file, and its segments.

    ``named`` and ``unwind``: by virtual address. ``segments``: (virtual address, file offset,
    length in the file) of each. ``debug_file``: the separate file with debug information, if there
    is one.
    """

    def __init__(
        self,
        named: Sequence[Function] = (),
        unwind: UnwindTable | None = None,
        segments: Sequence[tuple[int, int, int]] = (),
        debug_file: Path | None = None,
    ) -> None:
        self._starts = [one.start for one in named]
        self._named, self._unwind, self._segments = named, unwind, segments
        self.debug_file = debug_file

    def find(self, offset: int) -> Function | None:
        """Find the function around a place in the file; its boundaries are file offsets."""
        address = self.find_address(offset)
        found = self._find_at(address) if address else None
        if found is None:
            return None
        moved = offset - address
        return found._replace(start=found.start + moved, end=found.end + moved)

    def find_address(self, offset: int) -> int:
        """Return the virtual address of a place in the file; 0 if no code is there."""
        for address, begin, length in self._segments:
            if begin <= offset < begin + length:
                return offset - begin + address
        return 0

    def _find_at(self, address: int) -> Function | None:
        index = bisect.bisect_right(self._starts, address) - 1
        nearest = self._named[index] if index >= 0 else Function(0, 0)
        if address < nearest.end:
            return nearest
        bounds = self._unwind.find(address) if self._unwind else None
        if bounds is None:
            return None
        start, end = bounds
        # gcc gives a few symbols (`.cold` parts, assembly) no size: the unwind table has it.
        return nearest._replace(end=end) if nearest.start == start else Function(start, end)


#: Errors that reading a file may raise: it is damaged, gone, or no ELF file.
_DAMAGE = (OSError, ELFError, struct.error, ValueError, lzma.LZMAError)


@functools.lru_cache(maxsize=256)
def load_functions(module: str) -> Functions:
    """Read a file's functions once. Empty if none can be read."""
    try:
        with open(module, "rb") as file:
            return _read(Path(module), ELFFile(file))
    except _DAMAGE:
        return Functions()


def _read(path: Path, elf: ELFFile) -> Functions:
    segments = [
        (segment["p_vaddr"], segment["p_offset"], segment["p_filesz"])
        for segment in elf.iter_segments("PT_LOAD")
    ]
    exported, unwind = set(_read_symbols(elf, ".dynsym")), read_unwind_table(elf)
    others, debug_file = set(_read_symbols(elf, ".symtab")), None
    if not others:
        with contextlib.suppress(*_DAMAGE):
            others, debug_file = _read_elsewhere(path.resolve(), elf)
    if not others and unwind is not None:
        others = set(_read_tables(elf, unwind))
    return Functions(_sort(exported, others), unwind, segments, debug_file)


_Symbol = tuple[int, int, str]


def _read_elsewhere(path: Path, elf: ELFFile) -> tuple[set[_Symbol], Path | None]:
    """Read the symbols that were stripped off a file, and say which file has them."""
    debug_file = find_debug_file(path, elf)
    if debug_file is not None:
        with debug_file.open("rb") as file:
            return set(_read_symbols(ELFFile(file), ".symtab")), debug_file
    packed = elf.get_section_by_name(".gnu_debugdata")  # Fedora's "MiniDebugInfo"
    if packed is None:
        return set(), None
    inner = ELFFile(io.BytesIO(lzma.decompress(packed.data())))
    return set(_read_symbols(inner, ".symtab")), None


def _read_tables(elf: ELFFile, unwind: UnwindTable) -> Iterator[_Symbol]:
    """Name the functions that a CPython's own data points to."""
    objects = {name: start for start, _, name in _read_symbols(elf, ".dynsym", _OBJECT)}
    for start, name in name_by_tables(elf, objects, unwind.starts).items():
        if bounds := unwind.find(start):
            yield (*bounds, name)


def _sort(exported: set[_Symbol], others: set[_Symbol]) -> list[Function]:
    """Sort functions by address. Of several names at one address an exported one counts."""
    starts = {start for start, _, _ in exported}
    local = (one for one in others if one[0] not in starts)
    return sorted(
        [*(Function(*one, exported=True) for one in exported), *itertools.starmap(Function, local)]
    )


#: ELF's STT_OBJECT and STT_FUNC.
_OBJECT, _FUNCTION = 1, 2


def _read_symbols(elf: ELFFile, table: str, kind: int = _FUNCTION) -> Iterator[_Symbol]:
    """Read address, end and name of each function, or of each object, in a symbol table.

    By hand: pyelftools takes 20 times as long, half a second for a libpython.
    """
    section = elf.get_section_by_name(table)
    if not isinstance(section, SymbolTableSection) or section["sh_type"] == "SHT_NOBITS":
        return
    strings = section.stringtable.data()
    order = "<" if elf.little_endian else ">"
    if elf.elfclass == 64:
        rows = struct.iter_unpack(f"{order}IBBHQQ", section.data())
        symbols = ((name, info, index, value, size) for name, info, _, index, value, size in rows)
    else:
        rows = struct.iter_unpack(f"{order}IIIBBH", section.data())
        symbols = ((name, info, index, value, size) for name, value, size, info, _, index in rows)
    for name, info, index, value, size in symbols:
        # Without an index: another file's function. The value is then a stub's, which calls it.
        if info & 0xF == kind and index and value:
            text = strings[name : strings.index(b"\0", name)].decode("utf-8", "replace")
            yield value, value + max(size, 1), text
