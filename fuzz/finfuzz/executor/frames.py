"""Program counters of a child, as places in files."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import msgspec

from finfuzz.executor.shared_memory import Header, SharedMemory


class RawFrame(msgspec.Struct, frozen=True):
    """A program counter: ``offset`` into the file ``module``, or absolute without a module."""

    module: str
    offset: int


def read_frames(shared: SharedMemory, addresses: Sequence[int], count: int) -> tuple[RawFrame, ...]:
    """Locate the first ``count`` addresses in the mappings that the child recorded."""
    if count == 0:
        return ()
    maps = ctypes.string_at(
        ctypes.addressof(shared.header) + Header.maps.offset, shared.header.facts.maps_length
    )
    mapped = _mappings(maps.decode("utf-8", "replace"))
    return tuple(_locate(address, mapped) for address in addresses[:count])


def _mappings(text: str) -> list[tuple[int, int, int, str]]:
    """List (begin, end, file offset, path) of each executable mapping of a file."""
    found = []
    for line in text.splitlines():
        fields = line.split(maxsplit=5)
        if len(fields) == 6 and "x" in fields[1] and fields[5].startswith("/"):
            begin, _, end = fields[0].partition("-")
            found.append((int(begin, 16), int(end, 16), int(fields[2], 16), fields[5]))
    return found


def _locate(address: int, mapped: list[tuple[int, int, int, str]]) -> RawFrame:
    for begin, end, file_offset, path in mapped:
        if begin <= address < end:
            return RawFrame(path, address - begin + file_offset)
    return RawFrame("", address)
