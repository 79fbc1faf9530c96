"""Small shared libraries, stripped or not, and what is in a file's symbol tables."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec

from finfuzz.executor.outcome import Outcome, RawFrame
from finfuzz.targets.interpreters import Interpreter
from finfuzz.triage.diagnosis.functions import Function, Functions, load_functions

SOURCE = """
static __attribute__((noinline)) int local(int n) { return n * n + 3; }
__attribute__((noinline)) int exported(int n) { return local(n) ^ local(n + 1); }
static __attribute__((noinline)) int other(int n) { return n / 7 + exported(n); }
int last(int n) { return other(n) + other(n + 1); }
"""


def make_library(folder: Path, *flags: str) -> Path:
    """Compile SOURCE with debug information; its code has another address than file offset."""
    folder.mkdir(parents=True, exist_ok=True)
    source, library = folder / "code.c", folder / "library.so"
    source.write_text(SOURCE)
    layout = ("-Wl,--build-id", "-Wl,--section-start=.text=0x400000")
    command = ["gcc", "-O1", "-g", "-fPIC", "-shared", *layout, *flags, str(source)]
    subprocess.run([*command, "-o", str(library)], check=True)
    return library


def strip(library: Path, copy: Path, *options: str) -> Path:
    """Make a stripped copy of a file; `--strip-all` if no option says otherwise."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["strip", *(options or ["-s"]), str(library), "-o", str(copy)], check=True)
    return copy


def keep_debug(library: Path, debug_file: Path) -> Path:
    """Make the separate debug file of a library."""
    debug_file.parent.mkdir(parents=True, exist_ok=True)
    command = ["objcopy", "--only-keep-debug", str(library), str(debug_file)]
    subprocess.run(command, check=True)
    return debug_file


def list_functions(file: str | Path) -> list[Function]:
    """The named functions of a file, by file offset."""
    functions = load_functions(str(file))
    return [found for one in functions._named if (found := _by_offset(functions, one))]


def find(functions: Functions, name: str) -> Function:
    """The one function of that name, by file offset."""
    (found,) = [one for one in functions._named if one.name == name]
    by_offset = _by_offset(functions, found)
    assert by_offset
    return by_offset


def _by_offset(functions: Functions, one: Function) -> Function | None:
    for address, offset, length in functions._segments:
        if address <= one.start < address + length:
            return functions.find(one.start - address + offset)
    return None


def find_core(python: Interpreter) -> Path:
    """The file that CPython's own code is in: libpython, or the executable itself."""
    code = "print(*sorted({line.split()[-1] for line in open('/proc/self/maps')}))"
    mapped = subprocess.check_output([python.executable, "-c", code], text=True).split()
    libraries = [Path(path) for path in mapped if Path(path).name.startswith("libpython")]
    return next(iter(libraries), python.executable.resolve())


def strip_modules(outcome: Outcome, folder: Path, *options: str) -> Outcome:
    """The same outcome, had all files but ours been stripped: that moves no code."""

    def strip_all(frames: Sequence[RawFrame]) -> tuple[RawFrame, ...]:
        return tuple(
            RawFrame(_strip_once(one.module, folder, *options), one.offset) for one in frames
        )

    return msgspec.structs.replace(
        outcome,
        frames=strip_all(outcome.frames),
        recreated_frames=strip_all(outcome.recreated_frames),
    )


def _strip_once(module: str, folder: Path, *options: str) -> str:
    if not os.path.isfile(module) or "finfuzz_" in module:
        return module
    copy = folder / module.lstrip("/")
    return str(copy if copy.exists() else strip(Path(module), copy, *options))
