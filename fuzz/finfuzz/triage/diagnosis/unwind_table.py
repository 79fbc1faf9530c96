"""Function boundaries out of the unwind table (`.eh_frame`), which stripping leaves in a file.

`.eh_frame_hdr` is a sorted index of it, made for searching (Linux Standard Base, "Exception
Frames"). Read by hand: pyelftools decodes all entries, which takes seconds for a libpython.
"""

from __future__ import annotations

import bisect
import struct

from elftools.elf.elffile import ELFFile

#: The index as linkers write it: version 1; three encodings: pcrel|sdata4, udata4, datarel|sdata4.
_HEADER = bytes((1, 0x1B, 0x03, 0x3B))


class UnwindTable:
    """Where functions begin, as virtual addresses, and the entries that know where they end.

    ``frames``: the content of `.eh_frame`, which is at address ``base``.
    """

    def __init__(
        self, starts: list[int], entries: list[int], frames: bytes, base: int, order: str
    ) -> None:
        self.starts = frozenset(starts)
        self._starts, self._entries = starts, entries
        self._frames, self._base = frames, base
        self._fields = struct.Struct(f"{order}IIiI")

    def find(self, address: int) -> tuple[int, int] | None:
        """Find first byte and end of the function around an address."""
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        start, entry = self._starts[index], self._entries[index]
        length = self._read_length(entry, start)
        return (start, start + length) if address < start + length else None

    def _read_length(self, entry: int, start: int) -> int:
        """Read a function's length; 0 for an entry in an encoding that compilers do not use."""
        place = entry - self._base
        if not 0 <= place <= len(self._frames) - self._fields.size:
            return 0
        _, _, begin, length = self._fields.unpack_from(self._frames, place)
        # The beginning is relative to its own field, behind two words.
        return int(length) if entry + 8 + begin == start else 0


def read_unwind_table(elf: ELFFile) -> UnwindTable | None:
    """Read a file's unwind table; None if there is none, or no index of it."""
    header, frames = (elf.get_section_by_name(name) for name in (".eh_frame_hdr", ".eh_frame"))
    if header is None or frames is None:
        return None
    data, base, order = header.data(), header["sh_addr"], "<" if elf.little_endian else ">"
    if data[:4] != _HEADER:
        return None
    (count,) = struct.unpack_from(f"{order}I", data, 8)
    numbers = struct.unpack_from(f"{order}{2 * count}i", data, 12)
    return UnwindTable(
        [base + one for one in numbers[::2]],
        [base + one for one in numbers[1::2]],
        frames.data(),
        frames["sh_addr"],
        order,
    )
