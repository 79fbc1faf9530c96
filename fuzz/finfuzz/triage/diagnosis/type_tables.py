"""Names for local functions of a stripped CPython that its own tables point to.

Stripping removes symbols, not data. CPython's types point to the functions by which their objects
end, and `_PyRuntime` points to its allocators. These are the local functions that matter most to a
diagnosis: the first are plumbing, crashes in the others are heap corruption.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterator
from typing import NamedTuple

from elftools.elf.elffile import ELFFile

#: PyTypeObject behind its PyVarObject, in words: tp_name, and the slots by which an object ends.
_TYPE_SLOTS = {"tp_dealloc": 3, "tp_traverse": 20, "tp_clear": 21}
#: The words of a PyVarObject.
_HEADERS = {"with a GIL": 3, "free-threaded": 5}
#: The same slots by number in a PyType_Spec (Include/typeslots.h, part of the stable ABI).
_SPEC_SLOTS = {51: "tp_clear", 52: "tp_dealloc", 71: "tp_traverse"}
#: Of the stable ABI's numbers for slots, 83 is the highest in 3.14.
_MOST_SLOTS = 100
_TYPE_NAME = re.compile(rb"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_DOTTED_NAME = re.compile(rb"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
#: Of PyMemAllocatorEx, behind its context.
_ALLOCATOR = ("_PyObject_Malloc", "_PyObject_Calloc", "_PyObject_Realloc", "_PyObject_Free")
_WORD = 8
#: Of a tp_basicsize.
_MOST_BYTES = 1 << 16
#: The allocators come earlier than this: at word 13 in 3.12.1, at word 127 in 3.15.2.
_RUNTIME_WORDS = 1024
#: ELF's PF_W.
_WRITABLE = 2
#: Relocations that add the load address: R_X86_64_RELATIVE, R_AARCH64_RELATIVE.
_RELATIVE = {"EM_X86_64": 8, "EM_AARCH64": 1027}


def name_by_tables(
    elf: ELFFile, objects: dict[str, int], functions: Collection[int]
) -> dict[int, str]:
    """Name functions by their address: `_thread::_local::tp_dealloc`, or `tp_dealloc` for several.

    ``objects``: the addresses of the data that the file exports. ``functions``: where functions
    begin. Only CPython's own file has such tables; for any other, the answer is empty.
    """
    understood = elf["e_machine"] in _RELATIVE and elf.little_endian
    if "_PyRuntime" not in objects or not understood:
        return {}
    image = _Image(elf, functions)
    claims: dict[int, set[str]] = {}
    for name, address in objects.items():
        if name.endswith("_Type"):
            _collect(claims, _read_exported_type(image, address))
    for address in image.list_pointers_to_constants():
        _collect(claims, _read_named(image, address))
    _collect(claims, _read_allocator(image, objects["_PyRuntime"]))
    return {code: name for code, names in claims.items() if (name := _agree(names))}


class _Segment(NamedTuple):
    start: int
    end: int
    data: bytes
    flags: int


def _collect(claims: dict[int, set[str]], found: Iterator[tuple[int, str]]) -> None:
    for code, name in found:
        claims.setdefault(code, set()).add(name)


def _agree(names: set[str]) -> str:
    """Find the name of a function that several types may share; empty if it has several uses."""
    if len(names) > 1:
        names = {name.rpartition("::")[2] for name in names}
    return names.pop() if len(names) == 1 else ""


class _Image:
    """A file as it is in memory. ``functions``: the addresses at which functions begin."""

    def __init__(self, elf: ELFFile, functions: Collection[int]) -> None:
        self._segments = [
            _Segment(one["p_vaddr"], one["p_vaddr"] + one["p_filesz"], one.data(), one["p_flags"])
            for one in elf.iter_segments("PT_LOAD")
        ]
        self._relocated = _read_relocations(elf)
        self.functions = functions

    def read_word(self, address: int) -> int:
        relocated = self._relocated.get(address)
        if relocated is not None:
            return relocated
        data = self._read(address, _WORD)
        return int.from_bytes(data, "little") if len(data) == _WORD else 0

    def read_name(self, address: int, pattern: re.Pattern[bytes]) -> str:
        """Read a string; empty if it is no name of a type."""
        text = self._read(address, 80).partition(b"\0")[0]
        return text.decode() if pattern.fullmatch(text) else ""

    def list_pointers_to_constants(self) -> set[int]:
        """List where writable data points to what is not writable: strings are among that."""
        constant = [one for one in self._segments if not one.flags & _WRITABLE]
        low, high = constant[0].start, constant[-1].end
        places = {place for place, target in self._relocated.items() if low <= target < high}
        for segment in self._segments:
            if segment.flags & _WRITABLE:
                words = struct.iter_unpack("<Q", segment.data[: len(segment.data) // _WORD * _WORD])
                places.update(
                    segment.start + n * _WORD
                    for n, (word,) in enumerate(words)
                    if low <= word < high
                )
        return places

    def _read(self, address: int, length: int) -> bytes:
        for start, end, data, _ in self._segments:
            if start <= address < end:
                return data[address - start : address - start + length]
        return b""


def _read_relocations(elf: ELFFile) -> dict[int, int]:
    """Read where a position-independent file has pointers into itself, and to what."""
    section, wanted = elf.get_section_by_name(".rela.dyn"), _RELATIVE[elf["e_machine"]]
    rows = struct.iter_unpack("<QQq", section.data()) if section else ()
    return {place: target for place, info, target in rows if info & 0xFFFFFFFF == wanted}


def _read_exported_type(image: _Image, address: int) -> Iterator[tuple[int, str]]:
    """Read a PyTypeObject."""
    for header in _HEADERS.values():
        begin = address + header * _WORD
        if name := image.read_name(image.read_word(begin), _TYPE_NAME):
            yield from _read_type(image, begin, name)
            return


def _read_named(image: _Image, address: int) -> Iterator[tuple[int, str]]:
    """Read what a name with dots begins: a PyType_Spec, or the rest of a PyTypeObject.

    The fourth word of the one points to data, that of the other to a function.
    """
    name = image.read_name(image.read_word(address), _DOTTED_NAME)
    fourth = image.read_word(address + 3 * _WORD) if name else 0
    if fourth in image.functions:
        # The table of frozen modules looks alike, but a module's code comes second, not a size.
        if 0 < image.read_word(address + _WORD) < _MOST_BYTES:
            yield from _read_type(image, address, name)
    elif fourth:
        yield from _read_spec_slots(image, fourth, name)


def _read_type(image: _Image, begin: int, name: str) -> Iterator[tuple[int, str]]:
    """Read the slots of a PyTypeObject, from its tp_name on."""
    for slot, number in _TYPE_SLOTS.items():
        code = image.read_word(begin + number * _WORD)
        if code in image.functions:
            yield code, _join(name, slot)


def _read_spec_slots(image: _Image, slots: int, name: str) -> Iterator[tuple[int, str]]:
    """Read an array of PyType_Slot; nothing if it has no end and is thus none."""
    found = []
    for place in range(slots, slots + 2 * _WORD * _MOST_SLOTS, 2 * _WORD):
        number, code = image.read_word(place), image.read_word(place + _WORD)
        if number in _SPEC_SLOTS and code in image.functions:
            found.append((code, _join(name, _SPEC_SLOTS[number])))
        if number == 0:
            yield from found
        if not 0 < number <= _MOST_SLOTS:
            return


def _join(type_name: str, slot: str) -> str:
    """Join names as C++ does: after a dot, linkers write what kind of copy a function is."""
    return "::".join((*type_name.split("."), slot))


def _read_allocator(image: _Image, runtime: int) -> Iterator[tuple[int, str]]:
    """Read the allocators of `_PyRuntime`: for raw memory, for memory, for objects, in this order.

    Each is a context and four functions; nothing before them in `_PyRuntime` points to code.
    """
    group = 1 + len(_ALLOCATOR)
    words = [image.read_word(runtime + n * _WORD) for n in range(_RUNTIME_WORDS * bool(runtime))]
    first = next((n for n, word in enumerate(words) if word in image.functions), 0)
    of_objects = words[first + 2 * group : first + 3 * group - 1]
    if all(word in image.functions for word in of_objects):
        yield from zip(of_objects, _ALLOCATOR, strict=True)
