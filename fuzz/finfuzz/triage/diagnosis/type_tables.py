"""Names for local functions of a stripped CPython that its own tables point to.

Stripping removes symbols, not data. CPython's types point to the functions by which their objects
end, and `_PyRuntime` points to its allocators. These are the local functions that matter most to a
diagnosis: the first are plumbing, crashes in the others are heap corruption.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from elftools.elf.elffile import ELFFile

#: PyTypeObject behind its PyVarObject, in words: tp_name, and the slots by which an object ends.
_TYPE_SLOTS = {"tp_dealloc": 3, "tp_traverse": 20, "tp_clear": 21}
#: The words of a PyVarObject.
_HEADERS = {"with a GIL": 3, "free-threaded": 5}
#: The same slots by number in a PyType_Spec (Include/typeslots.h, part of the stable ABI).
_SPEC_SLOTS = {51: "tp_clear", 52: "tp_dealloc", 71: "tp_traverse"}
#: PyType_Spec: a name, three numbers, and in its fourth word the slots, each of two words.
_SPEC_WORD = 3
_MOST_SLOTS = 100
_TYPE_NAME = re.compile(rb"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_SPEC_NAME = re.compile(rb"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
#: Of PyMemAllocatorEx, behind its context.
_ALLOCATOR = ("_PyObject_Malloc", "_PyObject_Calloc", "_PyObject_Realloc", "_PyObject_Free")
_WORD = 8
#: The allocators come earlier than this: at word 129 in 3.13.0.
_RUNTIME_WORDS = 4096
#: Relocations that add the load address: R_X86_64_RELATIVE, R_AARCH64_RELATIVE.
_RELATIVE = {"EM_X86_64": 8, "EM_AARCH64": 1027}


def name_by_tables(elf: ELFFile, objects: dict[str, int]) -> dict[int, str]:
    """Name functions by their address: `_thread::_local::tp_dealloc`, or `tp_dealloc` for several.

    ``objects``: the addresses of the data that the file exports. Only CPython's own file has such
    tables; for any other, the answer is empty.
    """
    understood = elf["e_machine"] in _RELATIVE and elf.little_endian
    if "_PyRuntime" not in objects or not understood:
        return {}
    image = _Image(elf)
    claims: dict[int, set[str]] = {}
    for name, address in objects.items():
        if name.endswith("_Type"):
            _collect(claims, _read_type(image, address))
    for address in image.pointers:
        _collect(claims, _read_spec(image, address))
    _collect(claims, _read_allocator(image, objects["_PyRuntime"]))
    return {code: name for code, names in claims.items() if (name := _agree(names))}


def _collect(claims: dict[int, set[str]], found: Iterator[tuple[int, str]]) -> None:
    for code, name in found:
        claims.setdefault(code, set()).add(name)


def _agree(names: set[str]) -> str:
    """Find the name of a function that several types may share; empty if it has several uses."""
    if len(names) > 1:
        names = {name.rpartition("::")[2] for name in names}
    return names.pop() if len(names) == 1 else ""


class _Image:
    """A file as it is in memory. ``pointers``: where writable data points into the file."""

    def __init__(self, elf: ELFFile) -> None:
        segments = [
            (one["p_vaddr"], one.data(), one["p_flags"]) for one in elf.iter_segments("PT_LOAD")
        ]
        self._code = [(start, start + len(data)) for start, data, flags in segments if flags & 1]
        self._segments = [(start, start + len(data), data) for start, data, _ in segments]
        self._relocated = _read_relocations(elf)
        self.pointers = set(self._relocated)
        for start, data, flags in segments:
            if flags & 2:
                self.pointers.update(_find_pointers(start, data, self._segments))

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

    def is_code(self, address: int) -> bool:
        return any(start <= address < end for start, end in self._code)

    def _read(self, address: int, length: int) -> bytes:
        for start, end, data in self._segments:
            if start <= address < end:
                return data[address - start : address - start + length]
        return b""


def _read_relocations(elf: ELFFile) -> dict[int, int]:
    """Read where a position-independent file has pointers into itself, and to what."""
    section, wanted = elf.get_section_by_name(".rela.dyn"), _RELATIVE[elf["e_machine"]]
    rows = struct.iter_unpack("<QQq", section.data()) if section else ()
    return {place: target for place, info, target in rows if info & 0xFFFFFFFF == wanted}


def _find_pointers(
    start: int, data: bytes, segments: list[tuple[int, int, bytes]]
) -> Iterator[int]:
    low, high = segments[0][0], segments[-1][1]
    words = struct.iter_unpack("<Q", data[: len(data) // _WORD * _WORD])
    return (start + n * _WORD for n, (word,) in enumerate(words) if low <= word < high)


def _read_type(image: _Image, address: int) -> Iterator[tuple[int, str]]:
    """Read a PyTypeObject."""
    for header in _HEADERS.values():
        begin = address + header * _WORD
        if name := image.read_name(image.read_word(begin), _TYPE_NAME):
            for slot, number in _TYPE_SLOTS.items():
                code = image.read_word(begin + number * _WORD)
                if image.is_code(code):
                    yield code, _join(name, slot)
            return


def _join(type_name: str, slot: str) -> str:
    """Join names as C++ does: after a dot, linkers write what kind of copy a function is."""
    return "::".join((*type_name.split("."), slot))


def _read_spec(image: _Image, address: int) -> Iterator[tuple[int, str]]:
    """Read what may be a PyType_Spec: a name with dots, and slots with an end."""
    slots = image.read_word(address + _SPEC_WORD * _WORD)
    name = image.read_name(image.read_word(address), _SPEC_NAME) if slots else ""
    found = []
    for place in range(slots, slots + 2 * _WORD * _MOST_SLOTS * bool(name), 2 * _WORD):
        number, code = image.read_word(place), image.read_word(place + _WORD)
        if number in _SPEC_SLOTS and image.is_code(code):
            found.append((code, _join(name, _SPEC_SLOTS[number])))
        if number == 0:
            yield from found
        if not 0 < number <= _MOST_SLOTS:
            return


def _read_allocator(image: _Image, runtime: int) -> Iterator[tuple[int, str]]:
    """Read the allocators of `_PyRuntime`: for raw memory, for memory, for objects, in this order.

    Each is a context and four functions; nothing before them in `_PyRuntime` points to code.
    """
    group = 1 + len(_ALLOCATOR)
    words = [image.read_word(runtime + n * _WORD) for n in range(_RUNTIME_WORDS * bool(runtime))]
    codes = [image.is_code(word) for word in words]
    first = next((n for n, code in enumerate(codes) if code), 0)
    of_objects = words[first + 2 * group : first + 3 * group - 1]
    if all(map(image.is_code, of_objects)):
        yield from zip(of_objects, _ALLOCATOR, strict=True)
