"""Look up inlined functions and source lines of program counters with binutils' addr2line.

A start of addr2line costs 40 to 180 ms, to read the debug information; a question to a running one
costs 3 ms. So each file has its own process, and the ones asked least recently are ended. (When all
stayed, a campaign's controls left 70 of them, with 1.2 GB, after half an hour.)
"""

from __future__ import annotations

import atexit
import os
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from functools import cache
from typing import IO, NamedTuple

#: Most processes at once: a crash has frames in half a dozen files.
_MOST = 12
#: Seconds for an answer: a process that takes longer never answers, since its file is damaged.
_SECONDS = 30.0
_ADDRESS = re.compile(r"0x[0-9a-f]+")
#: Asked last: no code is there, so the answer has one line for the function and one for the place.
_END = (1 << 64) - 1


class SourceLine(NamedTuple):
    """A function at an address. ``function``: its name for the linker, or empty."""

    function: str
    place: str


def look_up_lines(module: str, addresses: Sequence[int]) -> list[tuple[SourceLine, ...]]:
    """Return the functions at each virtual address of a file, inlined ones first.

    Empty tuples if nothing is known: no addr2line, no debug information, no such file.
    """
    output = _query(module, addresses)
    found = [] if output is None else list(_split_answers(output))
    return found[:-1] if len(found) == len(addresses) + 1 else [()] * len(addresses)


def _query(module: str, addresses: Sequence[int]) -> list[str] | None:
    """Return the lines of an answer; None if there is none.

    Another process may have killed an addr2line: start a second one then. Never ask again about a
    file for which two of them ended.
    """
    if module in _hopeless:
        return None
    for _ in range(2):
        process = _running.pop(module, None) or _start(module)
        if process is None:
            return None
        _running[module] = process
        if len(_running) > _MOST:
            _end(next(iter(_running)))
        try:
            return _ask(process, addresses)
        except (OSError, EOFError):
            _end(module)
    _hopeless.add(module)
    return None


#: The process for each file, the one asked last at the end. However our own process ends, their
#: input ends with it, and so do they.
_running: dict[str, subprocess.Popen[bytes]] = {}
_hopeless: set[str] = set()


def _start(module: str) -> subprocess.Popen[bytes] | None:
    tool = _find_tool()
    if tool is None or not os.path.isfile(module):
        return None
    try:
        return subprocess.Popen(
            [tool, "-a", "-f", "-i", "-e", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            process_group=0,  # an interrupt is for us
        )
    except OSError:
        return None


@cache
def _find_tool() -> str | None:
    return shutil.which("addr2line")


def _end(module: str) -> None:
    """End the process for a file."""
    process = _running.pop(module)
    process.kill()
    process.communicate()


@atexit.register
def _end_all() -> None:
    for module in list(_running):
        _end(module)


def _ask(process: subprocess.Popen[bytes], addresses: Sequence[int]) -> list[str]:
    """Ask for addresses. Raise OSError or EOFError if the process is gone or silent."""
    assert process.stdin
    assert process.stdout
    process.stdin.write("".join(f"{address:#x}\n" for address in (*addresses, _END)).encode())
    output, until = b"", time.monotonic() + _SECONDS
    while not _is_complete(output, len(addresses) + 1):
        output += _read(process.stdout, until - time.monotonic())
    return output.decode("utf-8", "replace").splitlines()


def _read(pipe: IO[bytes], seconds: float) -> bytes:
    ready, _, _ = select.select([pipe], [], [], max(seconds, 0))
    some = pipe.read(1 << 16) if ready else b""
    if not some:
        raise EOFError
    return some


def _is_complete(output: bytes, count: int) -> bool:
    """Whether all ``count`` answers have arrived completely."""
    return len(re.findall(rb"^0x[0-9a-f]+$", output, re.MULTILINE)) == count and bool(
        re.search(rb"\n0x[0-9a-f]+\n.*\n.*\n\Z", b"\n" + output)
    )


def _split_answers(output: list[str]) -> Iterator[tuple[SourceLine, ...]]:
    """Split output: an address on a line, then two lines for each function, name and place."""
    starts = [n for n, line in enumerate(output) if _ADDRESS.fullmatch(line)]
    for start, stop in zip(starts, [*starts[1:], len(output)], strict=True):
        pairs = zip(output[start + 1 : stop : 2], output[start + 2 : stop : 2], strict=False)
        known = [
            SourceLine("" if name == "??" else name, _read_place(text)) for name, text in pairs
        ]
        # Without a place, the name is that of the nearest symbol before, however far away.
        yield tuple(line for line in known if line.place)


def _read_place(text: str) -> str:
    """Return `FILE:LINE`; empty if one of them is unknown."""
    place = text.partition(" (discriminator ")[0]
    return "" if place.startswith("??:") or place.endswith((":?", ":0")) else place
