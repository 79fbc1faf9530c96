"""Describe the compiled files of a package: who made them, and how they are initialized."""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from finfuzz.targets.frameworks import KNOWN

MULTI_PHASE, SINGLE_PHASE, UNKNOWN = "multi-phase", "single-phase", ""

_MAGIC = b"\x7fELF"
#: What a module's first function calls, by the kind of its initialization.
_MULTI = {"PyModuleDef_Init"}
_SINGLE = {"PyModule_Create2", "PyModule_FromDefAndSpec2"}
#: The beginnings of the name that CPython looks up in a file; the other one came with PEP 793.
_ENTRY, _EXPORT = "PyInit", "PyModExport"
_MARKS = {name: [re.compile(mark) for mark in record.file_marks] for name, record in KNOWN.items()}


@dataclass(frozen=True, slots=True)
class NativeFile:
    """An ELF file: an extension module, or a library that modules need.

    ``module``: the name that it is imported by, seen from the folder that was described; empty for
    a library. ``marks``: names of frameworks, each with the text in the file by which it is known;
    of pybind11 that text has the version of its internals. ``initialization``: MULTI_PHASE,
    SINGLE_PHASE, or UNKNOWN if it calls neither function or both. ``is_abi3``: made for the stable
    ABI. ``is_stripped``: without a symbol table. ``needs``: the libraries that it is linked with,
    by file name; ``bundled``: those of them that lie in the same folder, relative to it.
    """

    path: Path
    module: str
    marks: Mapping[str, str]
    initialization: str
    is_abi3: bool
    is_stripped: bool
    needs: tuple[str, ...]
    bundled: tuple[Path, ...] = ()

    @property
    def frameworks(self) -> tuple[str, ...]:
        """The frameworks that made it; none for one against the C API alone."""
        return tuple(self.marks)


@dataclass(frozen=True, slots=True)
class _Symbols:
    defined: frozenset[str]
    undefined: frozenset[str]


def describe_files(folder: Path) -> tuple[NativeFile, ...]:
    """Describe each ELF file below a folder that is on `sys.path`, by path.

    Programs and broken files are left out.
    """
    paths = [path for path in _walk(folder) if _is_shared_object(path)]
    libraries = {path.name: path.relative_to(folder) for path in paths}
    found = (describe_file(path, folder, libraries) for path in paths)
    return tuple(file for file in found if file is not None)


def describe_file(
    path: Path, folder: Path, libraries: Mapping[str, Path] | None = None
) -> NativeFile | None:
    """Describe one ELF file; None if it is no shared object.

    ``folder``: the one on `sys.path` that it is imported from. ``libraries``: files by name that
    may be what it needs.
    """
    known = libraries or {}
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            elf = ELFFile(file)
            if elf["e_type"] != "ET_DYN":
                return None
            symbols, needs = _read_symbols(elf), _read_needs(elf)
            return NativeFile(
                path=path,
                module=_name_module(path, folder, symbols),
                marks=_find_marks(data),
                initialization=_tell_initialization(symbols),
                is_abi3=".abi3" in path.suffixes or ".abi3t" in path.suffixes,
                is_stripped=elf.get_section_by_name(".symtab") is None,
                needs=needs,
                bundled=tuple(known[name] for name in needs if name in known),
            )
    except (OSError, ValueError, ELFError):  # unreadable, empty, cut off
        return None


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(parent, name) for name in sorted(names))


def _is_shared_object(path: Path) -> bool:
    # By name first: a package has thousands of files, and none of these is called otherwise.
    if ".so" not in path.suffixes or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def _read_symbols(elf: ELFFile) -> _Symbols:
    table = elf.get_section_by_name(".dynsym")
    defined: set[str] = set()
    undefined: set[str] = set()
    if isinstance(table, SymbolTableSection):
        for symbol in table.iter_symbols():
            is_undefined = symbol["st_shndx"] == "SHN_UNDEF"
            (undefined if is_undefined else defined).add(symbol.name)
    return _Symbols(frozenset(defined), frozenset(undefined))


def _read_needs(elf: ELFFile) -> tuple[str, ...]:
    section = elf.get_section_by_name(".dynamic")
    if not isinstance(section, DynamicSection):
        return ()
    tags = section.iter_tags("DT_NEEDED")
    return tuple(tag.needed for tag in tags)  # type: ignore[attr-defined]  # made for each kind


def _name_module(path: Path, folder: Path, symbols: _Symbols) -> str:
    name = path.name.partition(".")[0]
    if not symbols.defined & {entry + _encode(name) for entry in (_ENTRY, _EXPORT)}:
        return ""
    return ".".join([*path.relative_to(folder).parent.parts, name])


def _encode(name: str) -> str:
    """Encode a module's name as CPython does in the name of its first function (PEP 489)."""
    if name.isascii():
        return f"_{name}"
    return "U_" + name.encode("punycode").decode().replace("-", "_")


def _tell_initialization(symbols: _Symbols) -> str:
    is_multi = bool(_MULTI & symbols.undefined) or any(
        name.startswith(_EXPORT) for name in symbols.defined
    )
    is_single = bool(_SINGLE & symbols.undefined)
    if is_multi == is_single:
        return UNKNOWN
    return MULTI_PHASE if is_multi else SINGLE_PHASE


def _find_marks(data: mmap.mmap) -> dict[str, str]:
    found = {name: _find_mark(marks, data) for name, marks in _MARKS.items()}
    return {name: text for name, text in found.items() if text}


def _find_mark(marks: list[re.Pattern[bytes]], data: mmap.mmap) -> str:
    matches = (mark.search(data) for mark in marks)
    return next((match[0].decode() for match in matches if match), "")
