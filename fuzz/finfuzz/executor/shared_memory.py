"""The mapping that parent and child share: mirrors ``child/native/shared.h``.

The child's runtime compares ``LAYOUT`` and the size before it uses the mapping, so a difference
between the two is noticed.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Iterable
from pathlib import Path

from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError

LAYOUT = 9
PROGRAM_BYTES = 65536
MAPS_BYTES = 65536
FRAMES = 128
EVENTS = 512
LIVES = 4096
EVENT_COUNTERS = 16384
STEPS = 1024
JUDGED_CALLS = 16
JUDGED_FRAMES = 64
NAME_BYTES = 64
MODULE_BYTES = 128
GATED_BYTES = 8192

_u8, _u32, _u64 = ctypes.c_uint8, ctypes.c_uint32, ctypes.c_uint64


class ProgramTooLong(UserError):
    """A program that does not fit into the mapping."""


class Event(ctypes.Structure):
    """A hook that ran, and the state of the process then."""

    _fields_ = [
        ("hook", _u8),
        ("progress", _u8),
        ("cleared", _u8),
        ("internals", _u8),
        ("interpreter", _u32),
    ]


class Life(ctypes.Structure):
    """A life of an interpreter."""

    _fields_ = [
        ("id", ctypes.c_int64),
        ("flavour", _u8),
        ("cleared", _u8),
        ("internals", _u8),
        ("ended", _u8),
        ("second_internals", _u8),
        ("imported", _u8),
        ("padding", _u8 * 2),
    ]


class JudgedCall(ctypes.Structure):
    """A call of CPython that broke a rule of the C API."""

    _fields_ = [
        ("rule", _u8),
        ("progress", _u8),
        ("cleared", _u8),
        ("padding", _u8),
        ("frame_count", _u32),
        ("caller", _u64),
        ("name", ctypes.c_char * NAME_BYTES),
        ("module", ctypes.c_char * MODULE_BYTES),
        ("frames", _u64 * JUDGED_FRAMES),
    ]


class Facts(ctypes.Structure):
    """The facts of one run, zeroed before each program; the header explains each field."""

    _fields_ = [
        ("step", _u32),
        ("took", _u32 * 3),
        ("progress", _u32),
        ("current", _u32),
        ("lives", _u32),
        ("recreated", _u32),
        ("recreated_progress", _u32),
        ("recreated_cleared", _u32),
        ("capsule_lost", _u32),
        ("capsule_lost_progress", _u32),
        ("capsule_lost_cleared", _u32),
        ("event_count", _u32),
        ("alive", ctypes.c_int32),
        ("wrong_answers", _u32),
        ("judged_count", _u32),
        ("gil_came_on", _u32),
        ("performed", _u32 * STEPS),
        ("signal", ctypes.c_int32),
        ("signal_code", ctypes.c_int32),
        ("address", _u64),
        ("stack_pointer", _u64),
        ("finalizing", _u32),
        ("frame_count", _u32),
        ("recreated_frame_count", _u32),
        ("recreated_after", _u32),
        ("maps_length", _u32),
        ("status", ctypes.c_int32),
        ("timed_out", _u32),
        ("stragglers", _u32),
        ("peak_kib", _u32),
        ("microseconds", _u64),
    ]


class Header(ctypes.Structure):
    """The mapping up to the counters."""

    _fields_ = [
        ("layout", _u32),
        ("size", _u32),
        ("deadline_ms", _u32),
        ("memory_mib", _u32),
        ("block_count", _u32),
        ("second_block_count", _u32),
        ("cpython_block_count", _u32),
        ("program_length", _u32),
        ("facts", Facts),
        ("life", Life * LIVES),
        ("events", Event * EVENTS),
        ("frames", _u64 * FRAMES),
        ("recreated_frames", _u64 * FRAMES),
        ("judged", JudgedCall * JUDGED_CALLS),
        ("gated", ctypes.c_char * GATED_BYTES),
        ("maps", ctypes.c_char * MAPS_BYTES),
        ("program", ctypes.c_char * PROGRAM_BYTES),
    ]


_PAGE = 4096
_COUNTERS_AT = -(-ctypes.sizeof(Header) // _PAGE) * _PAGE


class SharedMemory:
    """A mapping, kept by a file descriptor that children inherit.

    ``blocks``: how many block counters the build wants, for each of its extensions and for CPython.
    ``gated``: files, and folders, whose calls of CPython are counted and judged. Raises UserError
    where their paths do not fit into the mapping.
    """

    def __init__(
        self,
        blocks: int,
        second_blocks: int = 0,
        cpython_blocks: int = 0,
        gated: Iterable[Path] = (),
    ) -> None:
        self.fd = os.memfd_create("finfuzz", 0)
        self.counters = EVENT_COUNTERS + blocks + second_blocks + cpython_blocks
        os.ftruncate(self.fd, _COUNTERS_AT + self.counters)
        self._mapping = mmap.mmap(self.fd, _COUNTERS_AT + self.counters)
        self.header = Header.from_buffer(self._mapping)
        self.header.layout = LAYOUT
        self.header.size = ctypes.sizeof(Header)
        self.header.block_count = blocks
        self.header.second_block_count = second_blocks
        self.header.cpython_block_count = cpython_blocks
        paths = _join_paths(gated)
        ctypes.memmove(ctypes.addressof(self.header) + Header.gated.offset, paths, len(paths))
        self._no_blocks = bytes(blocks + second_blocks)
        self._facts_address = ctypes.addressof(self.header.facts)

    @property
    def counters_address(self) -> int:
        """The address of the event counters; the block counters follow, CPython's last."""
        return ctypes.addressof(self.header) + _COUNTERS_AT

    def prepare(self, text: str, limits: Limits) -> None:
        """Zero the facts and write a program. Raises ProgramTooLong."""
        program = text.encode()
        if len(program) > PROGRAM_BYTES:
            raise ProgramTooLong(
                f"the program has {len(program)} bytes without its comments, "
                f"at most {PROGRAM_BYTES} can be run: split it"
            )
        header = self.header
        ctypes.memset(self._facts_address, 0, ctypes.sizeof(Facts))
        header.deadline_ms = round(limits.deadline * 1000)
        header.memory_mib = limits.memory_mib
        header.program = program
        header.program_length = len(program)

    def clear_counters(self) -> None:
        """Set all counters to zero."""
        ctypes.memset(self.counters_address, 0, self.counters)

    def clear(self, counters: Iterable[int]) -> None:
        """Set these counters to zero."""
        for index in counters:
            self._mapping[_COUNTERS_AT + index] = 0

    @property
    def ran_blocks(self) -> bool:
        """Whether the last program ran code of an extension."""
        begin = _COUNTERS_AT + EVENT_COUNTERS
        return self._mapping[begin : begin + len(self._no_blocks)] != self._no_blocks

    def snapshot(self) -> bytes:
        """Copy all counters."""
        return self._mapping[_COUNTERS_AT : _COUNTERS_AT + self.counters]

    def covered(self) -> frozenset[int]:
        """Return the indices of the counters that are not zero."""
        return frozenset(index for index, value in enumerate(self.snapshot()) if value)

    def close(self) -> None:
        """Close the descriptor; the mapping goes with the last reference to the header."""
        os.close(self.fd)


def _join_paths(gated: Iterable[Path]) -> bytes:
    """End each path with a zero. The mapping has the one that ends them all."""
    joined = b"".join(os.fsencode(path) + b"\0" for path in gated)
    if len(joined) >= GATED_BYTES:
        raise UserError(
            f"the paths of what to watch have {len(joined)} bytes, at most {GATED_BYTES} fit: "
            "install it into one folder, with a shorter path"
        )
    return joined
