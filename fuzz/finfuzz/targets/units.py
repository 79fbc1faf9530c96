"""The parts of a build: source files with their flags, and the shared objects made of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

COMMON_FLAGS = (
    "-std=c++17",
    "-fPIC",
    "-g1",  # functions and lines for stacks; types and variables cost a seventh more CPU time
    "-pipe",  # the assembler works meanwhile, where a core is free
    "-fvisibility=hidden",
    "-fno-omit-frame-pointer",
    "-fno-inline",  # here a stack with every function is worth more than speed
    "-Og",
    "-DNDEBUG",  # as in released extensions: pybind11 would assert conditions that it survives
)
COVERED_FLAGS = ("-fsanitize-coverage=trace-pc", "-DFINFUZZ_COVERAGE")
# The coverage callback must not be instrumented itself: it would call itself for ever.
CALLBACK_FLAGS = ("-DFINFUZZ_COVERAGE", "-O2")


def is_source(name: str) -> bool:
    """Whether a file, by its name, has to be compiled."""
    return name.endswith((".cpp", ".pyx"))


@dataclass(frozen=True, slots=True)
class Unit:
    """A source file with its compile flags, except the include folders.

    ``prefix``: distinguishes its object from another one of the same source. ``depends``: all files
    that the object depends on, if it is to be kept in the cache for other builds.
    """

    source: Path
    flags: tuple[str, ...]
    prefix: str = ""
    depends: tuple[Path, ...] = ()

    @property
    def object_name(self) -> str:
        place = "-".join(filter(None, [self.source.parent.name, self.source.stem]))
        return f"{self.prefix}{place}.o"


@dataclass(frozen=True, slots=True)
class Library:
    """A shared object: its file name, its units, and its link flags.

    ``root``: of the framework's files, if there is one, with its ``includes``. ``translate``: the
    command that makes the source of the first unit, without its name; it runs in ``own_folder``, so
    that tracebacks name files without folders.
    ``reduced``: the source of the first unit is written into the build's folder.
    ``python``: a Python module to copy in place of a shared object.
    """

    name: str
    units: tuple[Unit, ...]
    link_flags: tuple[str, ...] = ()
    root: Path | None = None
    includes: tuple[Path, ...] = ()
    translate: tuple[str, ...] = ()
    own_folder: Path | None = None
    reduced: bool = False
    python: Path | None = None
