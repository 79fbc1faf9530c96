"""Find the separate debug file of a stripped file. Nothing is downloaded.

A distribution strips its files, and puts symbols and debug information into other packages
(Debian: `python3.13-dbg`, `libc6-dbg`). Their files lie below `/usr/lib/debug`, or below
`lib/debug` of the tree that the stripped file is in. A file that `debuginfod-find` has fetched is
found, too.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import NoteSection

_SYSTEM = Path("/usr/lib/debug")


def find_debug_file(path: Path, elf: ELFFile) -> Path | None:
    """Find the debug file that belongs to exactly this build of a file."""
    build_id = _read_build_id(elf)
    by_id = _list_by_build_id(path, build_id) if len(build_id) > 2 else ()
    return next((one for one in by_id if one.is_file()), None) or _find_by_link(path, elf)


def _read_build_id(elf: ELFFile) -> str:
    section = elf.get_section_by_name(".note.gnu.build-id")
    notes = section.iter_notes() if isinstance(section, NoteSection) else ()
    return next((str(one["n_desc"]) for one in notes if one["n_type"] == "NT_GNU_BUILD_ID"), "")


def _list_by_build_id(path: Path, build_id: str) -> Iterator[Path]:
    name = Path(".build-id", build_id[:2], f"{build_id[2:]}.debug")
    for folder in _list_folders(path):
        yield folder / name
    yield _find_debuginfod_cache() / build_id / "debuginfo"


def _list_folders(path: Path) -> Iterator[Path]:
    """List the folders that debug files are kept in, the nearest first."""
    for parent in path.parents:
        yield parent / "lib" / "debug"
    yield _SYSTEM


def _find_debuginfod_cache() -> Path:
    """Find debuginfod's cache, where its manual (`debuginfod_find_debuginfo`) puts it."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("DEBUGINFOD_CACHE_PATH") or Path(cache, "debuginfod_client"))


def _find_by_link(path: Path, elf: ELFFile) -> Path | None:
    """Find the file that `.gnu_debuglink` names, with the checksum that it gives."""
    section = elf.get_section_by_name(".gnu_debuglink")
    if section is None:
        return None
    data: bytes = section.data()
    name = os.fsdecode(data.partition(b"\0")[0])
    checksum = int.from_bytes(data[-4:], "little" if elf.little_endian else "big")
    beside = (path.parent, path.parent / ".debug", _SYSTEM / path.parent.relative_to("/"))
    for folder in beside:
        if (found := folder / name) != path and _has_checksum(found, checksum):
            return found
    return None


def _has_checksum(path: Path, checksum: int) -> bool:
    try:
        return zlib.crc32(path.read_bytes()) == checksum
    except OSError:
        return False
